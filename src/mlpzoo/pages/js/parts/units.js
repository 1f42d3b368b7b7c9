// The hidden units of a network of one input: which are active where the reader points.

import { pointsAtOnce, spread } from "../analysis/grid.js";
import { isPiecewise, statesOf } from "../analysis/pieces.js";
import { forward } from "../core/network.js";
import { fluidCanvas, placeOf } from "../drawing/canvas.js";
import { Chart } from "../drawing/chart.js";
import { make, panel, short } from "../drawing/dom.js";
import { colour, viridis } from "../drawing/theme.js";
import { bendsOfModel } from "./curve.js";

const COLUMNS = 32;
const LARGEST = 24; // pixels of a cell
const POINTS = 401;
const LEGEND = "Dark to bright: small to large. Of ReLU, empty: 0; ×: dead, •: always on.";
const KEYS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };

export function units(model) {
  const strips = make("div", {});
  const pick = (x) => model.pointAt([x]);
  const chart = new Chart({
    label: "The chosen unit", xLabel: model.data.inputs[0], height: 200, onPick: pick,
  });
  let [shape, rows] = ["", []];
  const draw = () => {
    const hidden = hiddenOf(model.net);
    if (shape !== (shape = hidden.map(([layer, k]) => `${k}:${layer.units}`).join())) {
      rows = hidden.map(([, k]) => new Strip(model, k));
      strips.replaceChildren(...rows.map(({ element }) => element));
    }
    const { values } = forward(model.net, model.point);
    for (const row of rows) row.show(values[row.k]);
    if (rows.length) drawChosen(model, chart);
  };
  model.work(() => {
    measure(model, rows);
    draw();
  });
  model.listen(draw);
  const legend = make("p", { class: "soft" }, LEGEND);
  const cells = make("div", { class: "cells" }, make("div", {}, strips, legend), chart.element);
  return panel("Units", cells);
}

const hiddenOf = (net) =>
  net.layers.map((layer, k) => [layer, k]).filter(([, k]) => net.outputs.every(([, o]) => o !== k));

/** The chosen unit; where none of these layers is chosen, the first. */
function chosenOf({ net, chosen }) {
  const there = hiddenOf(net).some(([layer, k]) => k === chosen.layer && chosen.unit < layer.units);
  return there ? chosen : { layer: hiddenOf(net)[0][1], unit: 0 };
}

/** What each unit reaches in the range: of ReLU units exactly, of others on a grid. */
function measure(model, rows) {
  const { net, data } = model;
  const x = isPiecewise(net) ? bendsOfModel(model) : spread(...data.ranges[0], POINTS);
  const { sums, values } = forward(net, x);
  for (const row of rows) {
    const { activation, units: count } = net.layers[row.k];
    row.states = activation === "relu" ? statesOf(sums[row.k], count) : null;
    row.reach = values[row.k].reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [0, 0]);
  }
}

function drawChosen(model, chart) {
  const { layer, unit } = chosenOf(model);
  const { label, units: count, activation } = model.net.layers[layer];
  const curves = model.once(`unit ${layer} ${unit}`, () => {
    const part = { ...model.net, layers: model.net.layers.slice(0, layer + 1) };
    const x = spread(...model.data.ranges[0], pointsAtOnce(part, POINTS));
    const { sums, values } = forward(part, x);
    const of = (all) => x.map((_, row) => all[layer][row * count + unit]);
    return { x, sum: of(sums), value: of(values) };
  });
  const sum = { name: "sum", colour: "truth", style: "dash", x: curves.x, y: curves.sum };
  const value = { name: activation, colour: "model", x: curves.x, y: curves.value };
  const both = activation === "identity" ? [value] : [sum, value];
  chart.options.yLabel = chart.options.label = `${label}, unit ${unit + 1}`;
  chart.show({ curves: both, at: model.point[0] });
}

/** A layer's units as cells, in rows of 32. */
class Strip {
  constructor(model, k) {
    Object.assign(this, { model, k, states: null, reach: [0, 1], values: new Float64Array() });
    this.columns = Math.min(COLUMNS, this.layer().units);
    this.text = make("p", { class: "soft" });
    const label = { "aria-label": this.layer().label };
    const attributes = { role: "slider", tabindex: 0, "aria-valuemin": 1, ...label };
    const heightOf = (width) => this.cell(width) * Math.ceil(this.layer().units / this.columns);
    this.picture = fluidCanvas(heightOf, attributes, (...given) => this.draw(...given));
    this.picture.canvas.addEventListener("click", (event) => this.click(event));
    this.picture.canvas.addEventListener("keydown", (event) => this.press(event));
    this.element = make("div", {}, this.text, this.picture.box);
  }

  layer() {
    return this.model.net.layers[this.k];
  }

  cell(width) {
    return Math.min(LARGEST, Math.floor(width / this.columns));
  }

  choose(unit) {
    if (unit < 0 || unit >= this.layer().units) return;
    this.model.pointed({ chosen: { layer: this.k, unit, input: null } });
  }

  click(event) {
    const { width, height } = this.picture.canvas.getBoundingClientRect();
    const place = placeOf(event, this.picture.canvas, width, height);
    const [x, y] = place.map((at) => Math.floor(at / this.cell(width)));
    if (x < this.columns) this.choose(y * this.columns + x);
  }

  press(event) {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    const chosen = chosenOf(this.model);
    this.choose(chosen.layer === this.k ? chosen.unit + KEYS[event.key] : 0);
  }

  show(values) {
    this.values = values;
    const { label, units: count, activation } = this.layer();
    const active = values.reduce((sum, value) => sum + (value > 0), 0);
    const many = (state) => this.states.filter((each) => each === state).length;
    const over = this.states && `; ${many("dead")} dead, ${many("always on")} always on`;
    const relu = `: ${active} of ${count} active here${over ?? ""}`;
    this.text.textContent = `${label}${activation === "relu" ? relu : `, ${activation}`}`;
    this.picture.redraw();
    this.tell();
  }

  tell() {
    const { layer, unit } = chosenOf(this.model);
    const here = layer === this.k ? unit : 0;
    const state = this.states?.[here] ? `, ${this.states[here]}` : "";
    const { canvas } = this.picture;
    canvas.setAttribute("aria-valuemax", this.values.length);
    canvas.setAttribute("aria-valuenow", here + 1);
    canvas.setAttribute("aria-valuetext", `unit ${here + 1}: ${short(this.values[here])}${state}`);
  }

  draw(context, width) {
    const [size, [low, high]] = [this.cell(width), this.reach];
    const chosen = chosenOf(this.model);
    context.font = `${size}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.values.forEach((value, unit) => {
      const [x, y] = [(unit % this.columns) * size, Math.floor(unit / this.columns) * size];
      const off = this.layer().activation === "relu" && !(value > 0);
      const share = (value - low) / (high - low || 1);
      context.fillStyle = off ? colour("ground") : `rgb(${viridis(share)})`;
      context.fillRect(x, y, size - 1, size - 1);
      [context.strokeStyle, context.lineWidth] = [colour("line"), 1];
      if (off) context.strokeRect(x + 0.5, y + 0.5, size - 2, size - 2);
      context.fillStyle = colour(off ? "soft" : "ground");
      const sign = { dead: "×", "always on": "•" }[this.states?.[unit]] ?? "";
      context.fillText(sign, x + (size - 1) / 2, y + size / 2);
      if (chosen.layer !== this.k || chosen.unit !== unit) return;
      context.strokeStyle = colour("error");
      context.lineWidth = 2;
      context.strokeRect(x + 0.5, y + 0.5, size - 2, size - 2);
    });
  }
}
