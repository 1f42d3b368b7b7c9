// The curves of a chart: drawing them in a frame, and what they are at a place.

import { make } from "../dom.js";
import { colour } from "../theme.js";

export const COLOURS = ["model", "error", "one", "gold"]; // of curves beside each other

const isOn = (value, logY) => Number.isFinite(value) && (!logY || value > 0);

/** The first index from which on x is not below a value. */
export function indexOf(x, value) {
  let [low, high] = [0, x.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A curve's value at a place: exact where it can say, else that of the nearest x. */
export function valueAt({ x, y, at }, place) {
  if (at) return at(place);
  const next = indexOf(x, place);
  return y[next > 0 && !(x[next] - place <= place - x[next - 1]) ? next - 1 : next];
}

/** The range of values in view, with a little room. */
export function heightsOf(curves, [from, to], logY) {
  let [low, high] = [Infinity, -Infinity];
  for (const { x, y } of curves) {
    for (let i = Math.max(0, indexOf(x, from) - 1); i < x.length; i++) {
      if (isOn(y[i], logY)) [low, high] = [Math.min(low, y[i]), Math.max(high, y[i])];
      if (x[i] > to) break;
    }
  }
  if (low > high) return logY ? [0.1, 1] : [0, 1];
  const factor = Math.max((high / low) ** 0.05, 1.05);
  if (logY) return [low / factor, high * factor];
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  return [low - room, high + room];
}

/** @param {import("../chart.js").Curve} curve */
export function drawCurve(context, frame, curve) {
  const { x, y, style = "line" } = curve;
  const [from, to] = frame.x.range;
  const last = Math.min(indexOf(x, to), x.length - 1);
  let on = false;
  context.beginPath();
  for (let i = Math.max(0, indexOf(x, from) - 1); i <= last; i++) {
    const [placed, before] = [isOn(y[i], frame.y.log), on];
    on = placed;
    if (!placed) continue;
    const [left, top] = [frame.x(x[i]), frame.y(y[i])];
    const alone = !before && !isOn(y[i + 1], frame.y.log);
    if (style === "dots" || alone) disc(context, left, top, style === "dots" ? 4 : 1);
    else if (before) context.lineTo(left, top);
    else context.moveTo(left, top);
  }
  context.lineWidth = style === "dash" ? 1.5 : 2;
  context.setLineDash(style === "dash" ? [6, 4] : []);
  context.strokeStyle = context.fillStyle = colour(curve.colour);
  context.lineJoin = "round";
  if (style === "dots") context.fill();
  else context.stroke();
  context.setLineDash([]);
}

function disc(context, x, y, radius) {
  context.moveTo(x + radius, y);
  context.arc(x, y, radius, 0, 2 * Math.PI);
}

/** An upright line at a place, of the whole height or at the foot. */
export function upright(context, frame, x, name, height = frame.bottom - frame.top) {
  context.strokeStyle = colour(name);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(frame.x(x), frame.bottom);
  context.lineTo(frame.x(x), frame.bottom - height);
  context.stroke();
}

/** A dot with a rim that sets it off. */
export function dot(context, frame, x, y, name, radius = 5) {
  if (!isOn(y, frame.y.log)) return;
  context.beginPath();
  disc(context, frame.x(x), frame.y(y), radius);
  context.fillStyle = colour(name);
  context.fill();
  context.strokeStyle = colour("ground");
  context.lineWidth = 1.5;
  context.stroke();
}

/** A curve's colour, name and value. */
export function keyEntry([curve, text]) {
  const swatch = make("span", { class: `swatch ${curve.style ?? "line"}`, "aria-hidden": "true" });
  swatch.style.color = `var(--${curve.colour})`;
  const value = text && make("span", { class: "value" }, text);
  return make("span", { class: "entry" }, swatch, curve.name, value);
}
