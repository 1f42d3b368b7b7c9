// The weights of a layer as lines, as wide as they are large: blue above 0, orange, dashed below.

import { countOf } from "../core/network.js";
import { dragNumber, roomFor, tellSlider } from "./controls.js";
import { make, short } from "./dom.js";

const MOST_STOPS = 80; // parameters of a network whose edges Tab reaches
const MOST_WRITTEN = 6; // edges from layer to layer: more numbers would lie on each other
const ROOM = 70; // pixels between columns, for labels
const [THIN, WIDE, MOST_WIDE] = [1, 6, 60]; // pixels; edges of a layer that are wide
const LABEL_AT = 0.3; // of an edge, from its source

/**
 * @param {object} view - graph, units, nameOf, bubbleAt: as the diagram has them
 * @returns {{layer: number, element: Element, edges: object[], wide: number}} between units that
 *   are drawn
 */
export function buildEdges(model, view, layer) {
  const { source } = model.net.layers[layer];
  const of = (wanted) => view.graph.places.filter((place) => place.layer === wanted);
  const isWritten = of(layer).length * of(source).length <= MOST_WRITTEN;
  const edges = of(layer).flatMap((to) => of(source).map((from) => {
    return buildEdge(model, view, from, to, isWritten);
  }));
  const wide = edges.length > MOST_WIDE ? WIDE / 2 : WIDE;
  const { width, height } = view.graph;
  const lines = edges.map(({ element }) => element);
  return { layer, edges, wide, element: make("svg", { width, height, class: "edges" }, lines) };
}

function buildEdge(model, view, from, to, isWritten) {
  const { net } = model;
  const { size, name: above } = view.graph;
  const [x1, y1] = [from.x + size, from.y + above + size / 2];
  const [x2, y2] = [to.x, to.y + above + size / 2];
  const lines = ["hit", "seen"].map((name) => make("line", { class: name, x1, y1, x2, y2 }));
  const [x, y] = [x1 + LABEL_AT * (x2 - x1), y1 + LABEL_AT * (y2 - y1)];
  const label = isWritten && x2 - x1 >= ROOM && make("text", { x, y: y + 4 });
  const tabindex = countOf(net) > MOST_STOPS ? -1 : 0;
  const element = make("g", { class: "edge", role: "slider", tabindex }, lines, label);
  const { weight, inputs } = net.layers[to.layer];
  const at = to.unit * inputs + from.unit;
  const [start, end] = [from, to].map(({ layer, unit }) => view.nameOf(layer, unit));
  const name = `weight from ${start} to ${end}`;
  const edge = { element, seen: lines[1], label, at, name, ...to, input: from.unit };
  const shown = view.bubbleAt(x, y - 12, () => `${name}: ${short(weight[at])}`);
  listen(model, edge, weight, shown);
  return edge;
}

function listen(model, { element, at, layer, unit, input }, weight, shown) {
  const set = (value) => {
    weight[at] = value;
    model.changed();
  };
  const choose = () => model.pointed({ chosen: { layer, unit, input } });
  const size = () => Math.max(...weight.map(Math.abs));
  dragNumber(element, () => weight[at], set, { size, choose, shown });
}

/** Draw an edge for what its weight is now, beside the largest of its layer. */
export function showEdge(edge, value, largest, wide, chosen) {
  const { element, seen, label, layer, unit, input } = edge;
  const isChosen = layer === chosen.layer && unit === chosen.unit && input === chosen.input;
  element.classList.toggle("chosen", isChosen);
  if (edge.value === value && edge.largest === largest) return;
  [edge.value, edge.largest] = [value, largest];
  seen.setAttribute("stroke-width", THIN + (wide - THIN) * (Math.abs(value) / largest));
  element.classList.toggle("minus", value < 0);
  tellSlider(element, `${edge.name}: ${short(value)}`, value, roomFor(Math.abs(value)));
  if (label) label.textContent = short(value, 3);
}
