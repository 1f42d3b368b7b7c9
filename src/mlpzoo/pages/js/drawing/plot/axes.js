// A picture's frame with its scales, and axes with round numbers on them.

import { short } from "../dom.js";
import { colour } from "../theme.js";

const ROUND = [1, 2, 2.5, 5, 10];
const MARGIN = { left: 54, right: 24, top: 24, bottom: 40 };

/** Round numbers in a range, about so many; two at least, where the range has two. */
function ticksOf([low, high], count) {
  const rough = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ROUND.find((factor) => factor * power >= rough * (1 - 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const many = Math.floor(high / step + 1e-9) - first + 1;
  if (many < 2 && count < 8) return ticksOf([low, high], count + 1);
  return many > 0 ? Array.from({ length: many }, (_, i) => (first + i) * step) : [];
}

/** Powers of ten in a range, thinned to about so many; others where it has fewer than two. */
export function logTicksOf([low, high], count) {
  const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  if (to > from) {
    const every = Math.ceil((to - from + 1) / count);
    const powers = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    return powers.filter((power) => power % every === 0).map((power) => Number(`1e${power}`));
  }
  const digits = [1, 2, 3, 5, 7];
  const all = [from - 1, from].flatMap((power) => digits.map((digit) => digit * 10 ** power));
  const inside = all.filter((value) => value >= low && value <= high);
  return inside.length > 1 ? inside : ticksOf([low, high], count);
}

/** A number with the digits that can be told apart in a range. */
export function textIn([low, high], value) {
  if (!Number.isFinite(value)) return "";
  const digits = 7 - Math.ceil(Math.log10(high - low));
  return short(Number(value.toFixed(Math.min(Math.max(digits, 0), 15))), 12);
}

/** Ticks as text, each with as many digits as tells them apart. */
function labelsOf(ticks) {
  const largest = Math.max(...ticks.map(Math.abs));
  const step = ticks.length > 1 ? ticks[1] - ticks[0] : largest;
  if (largest >= 1e6 || largest < 1e-2) {
    const digits = Math.ceil(Math.log10(largest / step)) + 1;
    return ticks.map((tick) => {
      const [mantissa, power] = tick.toExponential(Math.max(digits, 1)).split("e");
      return tick ? `${Number(mantissa)}e${Number(power)}` : "0";
    });
  }
  const digits = Math.max(0, 1 - Math.floor(Math.log10(step * (1 + 1e-9))));
  return ticks.map((tick) => String(Number(tick.toFixed(digits))));
}

/**
 * A number to a place in pixels, and with `invert` back.
 * @returns {((value: number) => number) & {range: number[], log: boolean, invert: Function}}
 */
export function scaleOf(range, from, to, log = false) {
  const bend = log ? Math.log10 : (value) => value;
  const [low, high] = range.map(bend);
  const scale = (value) => from + ((bend(value) - low) / (high - low)) * (to - from);
  const invert = (place) => low + ((place - from) / (to - from)) * (high - low);
  return Object.assign(scale, {
    range, log, invert: log ? (place) => 10 ** invert(place) : invert,
  });
}

/**
 * The frame of a picture: the box inside its margins, with both scales.
 * @param {{width: number, height: number, x: number[], y: number[], logY: boolean}} picture
 */
export function frameOf({ width, height, x, y, logY = false }) {
  const { left, right, top, bottom } = MARGIN;
  const box = { left, top, right: width - right, bottom: height - bottom };
  return {
    ...box,
    x: scaleOf(x, box.left, box.right),
    y: scaleOf(y, box.bottom, box.top, logY),
  };
}

/** Grid lines, numbers, and the names of both axes. */
export function drawAxes(context, frame, { xLabel = "", yLabel = "", grid = true } = {}) {
  context.font = "12px system-ui, sans-serif";
  context.lineWidth = 1;
  sideOf(context, frame, frame.x, (frame.right - frame.left) / 65, grid, true);
  sideOf(context, frame, frame.y, (frame.bottom - frame.top) / 34, grid, false);
  context.strokeStyle = colour("soft");
  context.strokeRect(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top);
  context.fillStyle = colour("ink");
  context.textAlign = "right";
  context.fillText(xLabel, frame.right, frame.bottom + 34);
  context.textAlign = "left";
  context.fillText(yLabel, frame.left, frame.top - 9);
}

function sideOf(context, frame, scale, count, grid, across) {
  const ticks = scale.log ? logTicksOf(scale.range, count) : ticksOf(scale.range, count);
  const texts = scale.log ? ticks.map(powerText) : labelsOf(ticks);
  context.textAlign = across ? "center" : "right";
  ticks.forEach((tick, i) => {
    const at = scale(tick);
    context.strokeStyle = colour("line");
    context.beginPath();
    if (across) line(context, at, grid ? frame.top : frame.bottom - 4, at, frame.bottom);
    else line(context, frame.left, at, grid ? frame.right : frame.left + 4, at);
    context.stroke();
    context.fillStyle = colour("soft");
    if (across) context.fillText(texts[i], at, frame.bottom + 20);
    else context.fillText(texts[i], frame.left - 11, at + 4);
  });
}

function line(context, x1, y1, x2, y2) {
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
}

/** A tick of a log scale: 0.01, 1e-4. */
export function powerText(value) {
  const plain = value >= 1e-3 && value < 1e5;
  return plain ? short(value) : value.toExponential().replace("e+", "e");
}
