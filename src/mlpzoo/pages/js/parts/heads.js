// Functions of two inputs, as max and min: each output as a surface, and where it is how far off.

import { answersInSlices, betweenTwo, largestError, truthsOf } from "../analysis/grid.js";
import { answersOf, countOf, forward } from "../core/network.js";
import { numberControl } from "../drawing/controls.js";
import { make, panel, short } from "../drawing/dom.js";
import { gridOver, rangeOf } from "../drawing/heat.js";
import { drawHeat, drawSquare, imageOf, Plane } from "../drawing/plot/plane.js";
import { solidCanvas } from "../drawing/solid.js";

const AT_ONCE = 2e8; // multiplications behind which there is a first picture
const POINTS = 41; // along an axis, where the page has no truth
const SOLID = 51; // at most, along an axis of a surface
const EXACT = { max: Math.max, min: Math.min }; // known everywhere, not on the grid only

export function heads(model) {
  const { data, net } = model;
  const move = (point) => model.pointAt(point);
  const outputs = net.outputs.map(([name], k) => new Head(model, name, k, move));
  const controls = controlsOf(model, move);
  const rows = make("tbody");
  const progress = make("p", { class: "soft", role: "status" });
  const draw = () => {
    const answers = answersOf(model.net, forward(model.net, model.point));
    rows.replaceChildren(...outputs.map((head, k) => head.row(answers[k][0])));
    controls.forEach(({ show }, i) => show(model.point[i]));
    for (const head of outputs) head.draw();
  };
  model.work(() => measure(model, outputs, progress, draw));
  model.listen(draw);
  const columns = ["", "network", ...(data.truth ? ["truth", "error"] : [])];
  const titles = columns.map((text) => make("th", { scope: "col" }, text));
  const head = make("thead", {}, make("tr", {}, titles));
  const table = make("table", { "aria-live": "polite" }, head, rows);
  const element = panel(
    net.outputs.map(([name]) => name).join(" and "), ...controls.map((control) => control.element),
    make("div", { class: "scroll" }, table), progress,
    make("div", { class: "panels" }, outputs.map((head) => head.element)),
  );
  element.classList.add("wide");
  return element;
}

function controlsOf(model, move) {
  const { ranges, inputs } = model.data;
  return ranges.map((range, i) => {
    const set = (value) => {
      move(model.point.with(i, value));
      if (i > 1) model.rest(); // the pictures are over the first two
    };
    const control = numberControl(inputs[i], `Input ${inputs[i]}`, range, set);
    control.element.classList.add("brief");
    return control;
  });
}

/** The outputs on a coarse grid, then on the page's own. */
async function measure(model, outputs, progress, draw) {
  const { net, data } = model;
  const n = data.truth?.points ?? POINTS;
  const truths = await truthsOf(data);
  const strides = [1, 2, 4, 5, 10].filter((stride) => (n - 1) % stride === 0);
  const coarse = strides.find((stride) => countOf(net) * ((n - 1) / stride + 1) ** 2 <= AT_ONCE);
  for (const stride of new Set([coarse ?? strides.at(-1), 1])) {
    const points = (n - 1) / stride + 1;
    const grid = gridThrough(model, points);
    const answers = await answersInSlices(net, grid, (share) => {
      const percent = Math.floor(100 * share);
      progress.textContent = share < 1 ? `Computing ${points ** 2} points: ${percent}%` : "";
    });
    outputs.forEach((head, k) => head.take(points, answers[k], truths[k], n));
    draw();
  }
}

/** A grid over the first two inputs, the others as they are at the point. */
function gridThrough({ data, point }, points) {
  const pairs = gridOver(data.ranges.slice(0, 2), points);
  const inputs = data.ranges.length;
  if (inputs === 2) return pairs;
  return Float64Array.from({ length: (pairs.length / 2) * inputs }, (_, at) => {
    const i = at % inputs;
    return i < 2 ? pairs[2 * Math.floor(at / inputs) + i] : point[i];
  });
}

/** Every so many-th point along both axes of n x n. */
function thinned(values, n, stride) {
  return values.filter((_, i) => (i % n) % stride === 0 && Math.floor(i / n) % stride === 0);
}

/** One output. */
class Head {
  constructor(model, name, k, move) {
    Object.assign(this, { model, name, k, worst: null, truthAt: null });
    const { data } = model;
    const [canvas, drawSolid] = solidCanvas(360, 280, `${name} as a surface`);
    Object.assign(this, { canvas, drawSolid });
    this.map = new Plane({
      ranges: data.ranges.slice(0, 2), names: data.inputs.slice(0, 2), what: "The point",
      onPick: (pair) => move([...pair, ...model.point.slice(2)]),
      paint: (context, frame) => this.paint(context, frame),
    });
    this.caption = make("h3");
    [this.scale, this.facts] = [make("p", { class: "soft" }), make("p", { class: "soft" })];
    this.element = make(
      "section", { "aria-label": name }, make("h3", {}, name),
      make("div", { class: "cells" }, make("div", {}, canvas),
        make("div", {}, this.caption, this.map.element, this.scale, this.facts)),
    );
  }

  /** New answers on a grid, and the truth on the page's own of n x n points. */
  take(points, answers, whole, n) {
    const fewer = Math.ceil((points - 1) / (SOLID - 1));
    const stride = (points - 1) % fewer ? 1 : fewer;
    this.values = thinned(answers, points, stride);
    this.side = (points - 1) / stride + 1;
    const truth = whole && thinned(whole, n, (n - 1) / (points - 1));
    if (truth) this.truthAt = EXACT[this.name] ?? betweenTwo(whole, n, this.model.data.ranges);
    const off = truth && answers.map((value, i) => Math.abs(value - truth[i]));
    const [at, error] = truth ? largestError(answers, truth) : [];
    this.worst = truth && { at: this.placeOf(at, points), error, points };
    const shown = off ?? answers;
    const range = off ? [0, Math.abs(error) || 1] : rangeOf("", shown);
    this.image = imageOf(shown, points, range);
    this.scale.textContent = `Dark: ${short(range[0], 3)}. Yellow: ${short(range[1], 3)}.`;
    this.caption.textContent = off ? "Size of the error" : "Answer";
    this.facts.textContent = off ? this.inWords() : "";
  }

  placeOf(index, points) {
    const shares = [Math.floor(index / points), index % points].map((i) => i / (points - 1));
    return shares.map((share, i) => {
      const [low, high] = this.model.data.ranges[i];
      return low + share * (high - low);
    });
  }

  inWords() {
    const { at, error, points } = this.worst;
    const [x1, x2] = at.map((value) => short(value, 5));
    const where = `at (${x1}, ${x2}), on this grid of ${points} × ${points} points`;
    return `Largest error ${short(Math.abs(error))} ${where}`;
  }

  row(answer) {
    const truth = this.truthAt?.(...this.model.point);
    const cells = [answer, ...(truth === undefined ? [] : [truth, answer - truth])];
    this.answer = answer;
    const head = make("th", { scope: "row" }, this.name);
    const texts = cells.map((value, i) => short(value, i < 2 ? 6 : 4));
    return make("tr", {}, head, texts.map((text) => make("td", {}, text)));
  }

  paint(context, frame) {
    if (this.image) drawHeat(context, frame, this.image);
    if (this.worst) drawSquare(context, frame, this.worst.at, "error");
  }

  draw() {
    const { data, point } = this.model;
    this.map.show(point, `${this.name} ${short(this.answer, 6)}. ${this.facts.textContent}`);
    if (!this.values) return;
    const range = rangeOf("", this.values);
    this.drawSolid({
      values: this.values, n: this.side, ranges: [...data.ranges.slice(0, 2), range],
      names: [...data.inputs.slice(0, 2), this.name],
      marks: [{ at: [...point.slice(0, 2), this.answer], colour: "error" }],
    });
  }
}
