// The square of two inputs: the answer there, the rows, and the point that the reader moves.

import { unitNames } from "../core/formula.js";
import { asProbability, forward, isOutput, unitValues } from "../core/network.js";
import { numberControl, rounded } from "../drawing/controls.js";
import { make, panel, short } from "../drawing/dom.js";
import { gridOver, rangeOf, zeroLines } from "../drawing/heat.js";
import { drawHeat, imageOf, Plane } from "../drawing/plot/plane.js";
import { colour } from "../drawing/theme.js";

const POINTS = 48;

export function pad(model) {
  const { ranges, inputs } = model.data;
  const grid = gridOver(ranges, POINTS);
  const look = () => {
    return model.once(`pad ${Object.values(shownOutput(model))}`, () => seen(model, grid));
  };
  const plane = planeOf(model, look);
  const answer = make("p", { class: "answer", "aria-live": "polite" });
  const scale = make("p", { class: "soft" });
  const controls = ranges.map((range, i) => {
    const set = (value) => model.pointAt(model.point.with(i, rounded(value)));
    return numberControl(inputs[i], inputs[i], range, set);
  });
  model.listen(() => {
    const [text, [low, high]] = [answerAt(model), look().range];
    if (answer.textContent !== text) answer.textContent = text;
    scale.textContent = `Dark: ${short(low, 3)}. Yellow: ${short(high, 3)}.`;
    plane.show(model.point, text);
    controls.forEach(({ show }, i) => show(model.point[i]));
  });
  return panel(
    "Answer over the inputs", plane.element, scale, controls.map(({ element }) => element), answer,
  );
}

function planeOf(model, look) {
  const { ranges, inputs } = model.data;
  return new Plane({
    ranges, names: inputs, what: "The point",
    onPick: (place) => model.pointAt(place),
    paint: (context, frame) => {
      drawHeat(context, frame, look().image);
      drawBoundary(context, frame, ranges, look().boundary);
      drawCross(context, frame, model.point);
    },
    over: (context, frame) => drawRows(context, frame, model),
  });
}

/** Which output is shown, and of it which unit: the chosen one, else the first. */
function shownOutput({ net, chosen: { layer, unit } }) {
  return isOutput(net, layer) ? { layer, unit } : { layer: net.outputs[0][1], unit: 0 };
}

function answerAt(model) {
  const { net } = model;
  const { layer, unit } = shownOutput(model);
  const passed = forward(net, model.point);
  const [value] = unitValues(net, passed, layer, unit);
  if (net.gives === "value") return `${unitNames(net)[layer][unit]} = ${short(value)}`;
  const p = asProbability(net, value);
  const logit = net.gives === "logit" ? `logit ${short(value)}, ` : "";
  const isStep = net.layers[layer].activation === "step";
  const said = isStep ? `sum ${short(passed.sums[layer][unit])}` : `probability ${short(p)}`;
  return `${logit}${said}, answer ${p > 0.5 ? 1 : 0}`;
}

/** The answers as an image, and where a gate's are undecided: where the sum of its output is 0. */
function seen({ net, data, chosen }, grid) {
  const { layer, unit } = shownOutput({ net, chosen });
  const passed = forward(net, grid);
  const values = unitValues(net, passed, layer, unit).map((value) => asProbability(net, value));
  const range = net.gives === "value" ? rangeOf("", values) : [0, 1];
  const image = imageOf(values, POINTS, range);
  if (net.gives === "value") return { image, range, boundary: [] };
  const sumsOf = ({ sums }) => sums[layer].filter((_, i) => i % net.layers[layer].units === unit);
  const boundary = zeroLines(sumsOf(passed), POINTS, (shares) => {
    return sumsOf(forward(net, shares.map((share, i) => fromShare(share, data.ranges[i % 2]))));
  });
  return { image, range, boundary };
}

const fromShare = (share, [low, high]) => low + share * (high - low);

function drawBoundary(context, frame, ranges, ends) {
  const place = (i) => [
    frame.x(fromShare(ends[i], ranges[0])), frame.y(fromShare(ends[i + 1], ranges[1])),
  ];
  context.beginPath();
  for (let i = 0; i < ends.length; i += 4) {
    context.moveTo(...place(i));
    context.lineTo(...place(i + 2));
  }
  context.lineCap = "round";
  strokeTwice(context, 4, 2);
}

/** White in black, to be seen on every colour. */
function strokeTwice(context, outer, inner) {
  for (const [paint, width] of [["#000", outer], ["#fff", inner]]) {
    [context.strokeStyle, context.lineWidth] = [paint, width];
    context.stroke();
  }
}

function drawCross(context, { left, right, top, bottom, x, y }, point) {
  context.beginPath();
  context.moveTo(x(point[0]), top);
  context.lineTo(x(point[0]), bottom);
  context.moveTo(left, y(point[1]));
  context.lineTo(right, y(point[1]));
  strokeTwice(context, 2.5, 1);
}

/** A row asked to be 1 is a square, else a disc; one that the network gets wrong has a cross. */
function drawRows(context, frame, { net, data: { rows } }) {
  if (!rows || net.gives === "value") return;
  const { sums } = forward(net, Float64Array.from(rows.x.flat()));
  rows.x.forEach((row, i) => {
    const [x, y] = [frame.x(row[0]), frame.y(row[1])];
    const [target] = rows.y[i];
    context.beginPath();
    if (target) context.rect(x - 8, y - 8, 16, 16);
    else context.arc(x, y, 9, 0, 2 * Math.PI);
    [context.fillStyle, context.strokeStyle] = [colour(target ? "one" : "zero"), "#fff"];
    context.lineWidth = 2;
    context.fill();
    context.stroke();
    const isRight = (sums[net.outputs[0][1]][i] > 0 ? 1 : 0) === target;
    [context.textAlign, context.textBaseline] = ["center", "middle"];
    [context.font, context.fillStyle] = ["700 12px system-ui, sans-serif", "#000"];
    context.fillText(isRight ? String(target) : "✕", x, y + 0.5);
  });
}
