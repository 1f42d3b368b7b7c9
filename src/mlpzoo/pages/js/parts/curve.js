// A function of one input: the network's curve and the truth, their difference, and one place.

import {
  answersInSlices, between, largestError, pointsAtOnce, spread, truthsOf,
} from "../analysis/grid.js";
import { bowlOf } from "../analysis/line.js";
import { bendsOf, isPiecewise, knotsOf } from "../analysis/pieces.js";
import { answersOf, forward } from "../core/network.js";
import { Chart } from "../drawing/chart.js";
import { numberControl } from "../drawing/controls.js";
import { make, panel, short } from "../drawing/dom.js";
import { textIn } from "../drawing/plot/axes.js";
import { COLOURS } from "../drawing/plot/curves.js";

const FINE = 1001; // points of a curve when there is time
const GRID = 2001; // of the error, where the page has no grid of its own

export function curve(model) {
  const { element } = new Curves(model);
  element.classList.add("wide");
  return element;
}

/** Where units bend in the whole range, once for all parts. */
export function bendsOfModel(model) {
  return model.once("bends", () => bendsOf(model.net, ...model.data.ranges[0]));
}

class Curves {
  constructor(model) {
    const { data } = model;
    this.model = model;
    [this.range] = data.ranges;
    this.view = this.range;
    this.truth = data.task === "line" ? lineOf(data) : null;
    const [xLabel] = data.inputs;
    const onPick = (x) => model.pointAt([x]);
    const common = { xLabel, onPick, onView: (view) => this.look(view) };
    this.above = new Chart({
      ...common, label: "The network's answer", yLabel: "y", height: 260, zoom: true,
    });
    this.below = new Chart({
      ...common, label: "Error", yLabel: "network − truth", height: 170, zoom: "keys",
    });
    this.input = numberControl(xLabel, `Input ${xLabel}`, this.range, onPick);
    this.input.element.classList.add("brief");
    this.element = this.assembled();
    model.work(async () => {
      await this.measure();
      this.draw();
    });
    model.listen(() => this.draw());
  }

  assembled() {
    this.worstText = make("p", { class: "soft" });
    this.ticks = make("input", { type: "checkbox", checked: true, onchange: () => this.draw() });
    this.pieces = make("span");
    this.sumText = make("p", { class: "formula", "aria-live": "polite" });
    this.knotsLabel = make("label", { hidden: true }, this.ticks, this.pieces);
    return panel(
      "Curve", this.input.element, this.sumText, this.above.element, this.knotsLabel,
      this.below.element, this.worstText,
    );
  }

  look(view) {
    this.view = view;
    for (const chart of [this.above, this.below]) chart.setView(view);
    this.model.rest();
    this.draw();
  }

  /** What takes too long for a frame: the largest error, the knots, the curve in detail. */
  async measure() {
    const { net, data, edition } = this.model;
    if (data.truth && !this.values && data.task !== "line") {
      [this.values] = await truthsOf(data);
      this.truth = between(this.values, this.range);
    }
    if (this.measured !== edition) {
      const x = spread(...this.range, data.truth ? data.truth.points : GRID);
      const [answers] = await answersInSlices(net, x);
      const truths = this.values ?? (this.truth && x.map(this.truth));
      if (truths) this.worst = worstOf(x, answers, truths, "on this grid of");
      const bends = isPiecewise(net) && net.layers.length > 1;
      this.knots = bends ? knotsOf(net, bendsOfModel(this.model)) : null;
      this.measured = edition;
    }
    const [key, x] = [this.state(), spread(...this.view, FINE)];
    this.fine = { key, x, y: await answersInSlices(net, x) };
  }

  /** What a curve in detail belongs to. */
  state() {
    return `${this.model.edition} ${this.view}`;
  }

  draw() {
    const { net, point, data } = this.model;
    const coarse = () => {
      const x = spread(...this.view, pointsAtOnce(net, FINE));
      return { x, y: answersOf(net, forward(net, x)) };
    };
    const { x, y } = this.fine?.key === this.state() ? this.fine : coarse();
    const networks = y.slice(0, COLOURS.length).map((each, k) => {
      const name = y.length > 1 ? net.outputs[k][0] : "network";
      return { name, colour: COLOURS[k], x, y: each, at: (place) => this.answer(place, k) };
    });
    const worst = this.truth && this.worstNow(x, y);
    const common = { x: this.range, at: point[0], facts: this.facts(worst) };
    const ticks = this.knots && this.ticks.checked && { x: this.knots, colour: "error" };
    this.above.show({ ...common, curves: [...known(data, this.truth, x), ...networks], ticks });
    this.knotsLabel.hidden = !this.knots;
    const knots = this.knots?.length;
    this.pieces.textContent = `${knots} knots, between ${knots + 1} straight pieces`;
    this.below.element.hidden = this.worstText.hidden = !this.truth;
    if (this.truth) this.drawError(common, x, y[0], worst);
    this.input.show(point[0]);
    const sum = this.sum(point[0]);
    if (this.sumText.textContent !== sum) this.sumText.textContent = sum;
  }

  /** The largest error: on the grid, or, of weights that are newer, on the points drawn. */
  worstNow(x, y) {
    if (this.measured === this.model.edition) return this.worst;
    return worstOf(x, y, x.map(this.truth), "on the drawn");
  }

  drawError(common, x, y, worst) {
    const at = (place) => this.answer(place) - this.truth(place);
    const curves = [{
      name: "error", colour: "error", x, y: y.map((value, i) => value - this.truth(x[i])), at,
    }];
    const marks = [{ x: worst.x, name: "largest", colour: "soft" }];
    this.below.show({ ...common, curves, marks });
    this.worstText.textContent = common.facts;
  }

  facts(worst) {
    if (!worst) return "";
    const where = `at ${this.model.data.inputs[0]} = ${short(worst.x, 6)}`;
    return `Largest error ${short(Math.abs(worst.error))} ${where}, ${worst.on} points`;
  }

  answer(x, output = 0) {
    return answersOf(this.model.net, forward(this.model.net, Float64Array.of(x)))[output][0];
  }

  /** The answer at the input, and how far it is off. */
  sum(x) {
    const answer = this.answer(x);
    const { range } = this.above.frame?.y ?? { range: [0, 1] };
    if (!this.truth) return `network ${textIn(range, answer)}`;
    const truth = this.truth(x);
    const both = `network ${textIn(range, answer)} − truth ${textIn(range, truth)}`;
    return `${both} = error ${short(answer - truth)}`;
  }
}

function worstOf(x, answers, truths, on) {
  const [at, error] = largestError(answers, truths);
  return { x: x[at], error, on: `${on} ${x.length}` };
}

/** The truth of a line is the least-squares line of its points. */
function lineOf({ rows }) {
  const [slope, intercept] = bowlOf(rows.x.map(([x], i) => [x, rows.y[i][0]])).minimum;
  return (x) => slope * x + intercept;
}

/** The truth as a curve, and the points of a line. */
function known({ rows, task }, truth, x) {
  const line = task === "line";
  const name = line ? "least squares" : "truth";
  const y = truth && x.map(truth);
  const curves = truth ? [{ name, colour: "truth", style: "dash", x, y, at: truth }] : [];
  if (!line) return curves;
  const sorted = rows.x.map(([at], i) => [at, rows.y[i][0]]).sort(([a], [b]) => a - b);
  const [across, up] = [0, 1].map((k) => sorted.map((pair) => pair[k]));
  return [{ name: "points", colour: "error", style: "dots", x: across, y: up }, ...curves];
}
