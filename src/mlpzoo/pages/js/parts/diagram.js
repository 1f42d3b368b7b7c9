// The network: in each unit its value over the inputs, its weights as edges that one drags.

import { unitNames } from "../core/formula.js";
import { asProbability, countOf, forward, isOutput, unitValues } from "../core/network.js";
import { dragNumber, roomFor, tellSlider } from "../drawing/controls.js";
import { make, panel, short } from "../drawing/dom.js";
import { buildEdges, showEdge } from "../drawing/edges.js";
import { layOut } from "../drawing/graph.js";
import { gridOver, paintCurve, paintHeat, rangeOf } from "../drawing/heat.js";
import { onTheme } from "../drawing/theme.js";

const [FINEST, COARSEST, MOST_WORK] = [32, 8, 3e6]; // points an axis; products a redraw
const HINT = `Blue: above 0. Orange and dashed: below 0. Drag a weight, or a unit for its bias, up
or down, or use the arrow keys (with Shift, larger steps). A click or Enter chooses it.`;

export function diagram(model) {
  const box = make("div", { class: "scroll" });
  let [view, width] = [null, 0];
  const draw = () => {
    if (view?.net !== model.net || view.width !== width) {
      view = build(model, width);
      box.replaceChildren(view.element);
    }
    drawUnits(model, view);
    drawEdges(model, view);
    view.hot?.();
  };
  model.listen(draw);
  onTheme(() => {
    view.isOld = true;
    draw();
  });
  new ResizeObserver(() => {
    width = box.clientWidth;
    if (view.width !== width) draw();
  }).observe(box);
  const element = panel("Network", box, make("p", { class: "soft" }, HINT));
  element.classList.add("wide");
  return element;
}

/** The elements of a network in a width, and what is needed to draw them again. */
function build(model, width) {
  const { net, data } = model;
  const graph = layOut(net, width);
  const names = unitNames(net);
  const bubble = make("output", { class: "bubble", hidden: true });
  const view = { net, width, graph, bubble, hot: null };
  const wish = Math.floor((MOST_WORK / countOf(net)) ** (1 / net.inputs));
  view.points = Math.min(FINEST, Math.max(COARSEST, wish));
  view.grid = net.inputs > 2 ? null : gridOver(data.ranges, view.points);
  view.bubbleAt = (...given) => bubbleAt(view, ...given);
  view.nameOf = (layer, unit) => (layer === null ? data.inputs[unit] : names[layer][unit]);
  view.units = graph.places.map((place) => buildUnit(model, view, place));
  view.edges = net.layers.map((_, layer) => buildEdges(model, view, layer));
  const unitsOf = (layer) => view.units.filter((unit) => unit.layer === layer);
  const elements = [
    ...graph.texts.map((text) => buildText(text, graph)),
    ...unitsOf(null).map(({ element }) => element),
    ...view.edges.flatMap(({ element }, i) => [element, ...unitsOf(i).map((unit) => unit.element)]),
  ];
  view.element = make("div", { class: "graph" }, elements, bubble); // so goes Tab: layer by layer
  view.element.style.width = `${graph.width}px`;
  view.element.style.height = `${graph.height}px`;
  return view;
}

function buildText({ text, x, y, above }, { across }) {
  const element = make("span", { class: above ? "title above" : "title" }, text);
  element.style.maxWidth = `${across}px`;
  return placed(element, x, y);
}

/** A number in the little room below a unit. */
const near = (value, decimals) => short(Number(value.toFixed(decimals)), decimals + 1);

function placed(element, x, y) {
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
  return element;
}

/** Shows a text above a place while something is of interest; writes it again with each draw. */
function bubbleAt(view, x, y, text) {
  const { bubble, graph } = view;
  const write = () => {
    bubble.textContent = text();
    const half = bubble.offsetWidth / 2; // it stays inside, or the box would scroll
    const left = Math.max(half, Math.min(x, graph.width - half));
    placed(bubble, left, Math.max(y, bubble.offsetHeight));
  };
  return (on) => {
    view.hot = on ? write : null;
    bubble.hidden = !on;
    if (on) write();
  };
}

function buildUnit(model, view, { layer, unit, x, y }) {
  const { size } = view.graph;
  const side = [2 * size, view.points][model.net.inputs - 1] ?? 1; // a curve, a map, a colour
  const canvas = make("canvas", { width: side, height: side, "aria-hidden": true });
  canvas.style.width = canvas.style.height = `${size}px`;
  const number = make("span", { class: "value" });
  const name = make("span", {}, view.nameOf(layer, unit));
  const element = make("div", { class: "unit", role: "slider", tabindex: 0 }, name, canvas, number);
  element.style.width = `${size}px`;
  placed(element, x, y);
  const made = { layer, unit, element, number, context: canvas.getContext("2d") };
  (layer === null ? dragInput : dragBias)(model, view, made, x + size / 2, y);
  return made;
}

function dragInput(model, view, { unit, element }, x, y) {
  const [low, high] = model.data.ranges[unit];
  const set = (value) => model.pointAt(model.point.with(unit, value));
  const text = () => `${view.nameOf(null, unit)} = ${short(model.point[unit])}`;
  dragNumber(element, () => model.point[unit], set, {
    size: () => (high - low) / 2, choose: () => {}, shown: view.bubbleAt(x, y, text),
  });
}

function dragBias(model, view, { layer, unit, element }, x, y) {
  const { bias, weight } = model.net.layers[layer];
  const set = (value) => {
    bias[unit] = value;
    model.changed();
  };
  const text = () => `bias of ${view.nameOf(layer, unit)}: ${short(bias[unit])}`;
  dragNumber(element, () => bias[unit], set, {
    size: () => Math.max(Math.abs(bias[unit]), ...weight.map(Math.abs)),
    choose: () => model.pointed({ chosen: { layer, unit, input: null } }),
    shown: view.bubbleAt(x, y, text),
  });
}

function drawUnits(model, view) {
  const { net, point, chosen, data: { ranges } } = model;
  const [here, isNew] = [forward(net, point), view.edition !== model.edition || view.isOld];
  const over = isNew && view.grid && forward(net, view.grid);
  Object.assign(view, { edition: model.edition, isOld: false });
  for (const { layer, unit, element, number, context } of view.units) {
    const value = layer === null ? point[unit] : unitValues(net, here, layer, unit)[0];
    const [text, name] = [short(value), view.nameOf(layer, unit)];
    number.textContent = near(value, view.graph.decimals);
    const now = layer === null ? value : net.layers[layer].bias[unit];
    const bias = layer === null ? "" : `, bias ${short(now)}`;
    const range = layer === null ? ranges[unit] : roomFor(Math.abs(now));
    tellSlider(element, `${name}: ${text} at the point${bias}`, now, range);
    const isChosen = layer === chosen.layer && unit === chosen.unit && chosen.input === null;
    element.classList.toggle("chosen", isChosen);
    if (isNew || !view.grid) drawPicture(context, model, view, layer, unit, over, value);
  }
}

/** Over two inputs a map, over one a curve, over more the colour of its value at the point. */
function drawPicture(context, model, view, layer, unit, over, value) {
  const { net, data } = model;
  const isLogit = layer !== null && net.gives === "logit" && isOutput(net, layer);
  const seen = (given) => (isLogit ? given.map((logit) => asProbability(net, logit)) : given);
  const activation = isLogit ? "sigmoid" : layer === null ? "" : net.layers[layer].activation;
  if (!over) {
    const range = layer === null ? data.ranges[unit] : rangeOf(activation, [-1, 1]);
    paintHeat(context, seen([value]), 1, range);
    return;
  }
  const values = layer === null
    ? view.grid.filter((_, i) => i % net.inputs === unit)
    : seen(unitValues(net, over, layer, unit));
  const range = rangeOf(activation, values);
  if (net.inputs === 2) paintHeat(context, values, view.points, range);
  else paintCurve(context, values, range);
}

function drawEdges(model, view) {
  for (const { layer, edges, wide } of view.edges) {
    const { weight } = model.net.layers[layer];
    let largest = 1e-9;
    for (const value of weight) largest = Math.max(largest, Math.abs(value));
    for (const edge of edges) showEdge(edge, weight[edge.at], largest, wide, model.chosen);
  }
}
