// Gradient descent by hand: the bowl of a line's cost, a start, a rate, and the steps from there.

import { Descent, LECTURE, verdictOn } from "../analysis/descent.js";
import { Chart } from "../drawing/chart.js";
import { BowlView } from "../drawing/descent/bowl_view.js";
import { LineView } from "../drawing/descent/line_view.js";
import { make, panel, short } from "../drawing/dom.js";
import { LogSlider } from "../drawing/log_slider.js";
import { onTheme } from "../drawing/theme.js";

const [LOWEST, HIGHEST] = [1e-4, 0.02]; // rates, where the limit is between them
const FEW = 12; // points
const DRAWN = 1000; // costs of the chart
const [SLOW, FRAMES] = [40, 6]; // the first steps take so many frames each

export function bowl(model) {
  const { element } = new Bowl(model.data);
  element.classList.add("wide");
  return element;
}

class Bowl {
  constructor({ rows }) {
    this.own = rows ? rows.x.map(([x], i) => [x, rows.y[i][0]]) : LECTURE;
    this.descent = new Descent(this.own.length <= FEW ? this.own : LECTURE);
    this.frame = 0;
    this.rate = new LogSlider({ name: "rate", set: (rate) => this.change({ rate }) });
    this.bowl = new BowlView((start) => this.change({ start }));
    this.line = new LineView((points) => this.move(points));
    const names = { label: "Cost", xLabel: "step", yLabel: "cost" };
    this.chart = new Chart({ ...names, logY: true, height: 220 });
    this.element = this.assembled();
    onTheme(() => this.draw());
    this.take(this.descent.points);
  }

  assembled() {
    this.play = make("button", { type: "button", onclick: () => this.toggle() }, "Play");
    this.now = make("p", { class: "formula", "aria-live": "polite" });
    [this.verdict, this.facts] = [make("p", {}), make("p", { class: "soft" })];
    const cell = (title, parts) => {
      return make("section", { "aria-label": title }, make("h3", {}, title), ...parts);
    };
    const [map, solid] = this.bowl.elements;
    const cells = make(
      "div", { class: "cells" }, cell("The cost from above: drag the start", [map]),
      cell("The line: drag the points", this.line.elements),
      cell("The cost as a bowl: drag to turn it", [solid]),
    );
    const costs = cell("The cost at each step", [this.chart.element]);
    return panel(
      "Gradient descent", this.facts, this.rate.element, this.buttons(), this.now, this.verdict,
      cells, costs,
    );
  }

  buttons() {
    const button = (text, onclick) => make("button", { type: "button", onclick }, text);
    const rate = (name) => () => this.change({ rate: this.descent.bowl[name] });
    const choose = ({ target }) => this.take(target.value ? this.own : LECTURE);
    const points = this.own.length > FEW && make(
      "label", {}, "Points: ", make(
        "select", { onchange: choose }, make("option", { value: "" }, "the three of the notes"),
        make("option", { value: "own" }, `the ${this.own.length} of this page`),
      ),
    );
    return make(
      "div", { class: "row" }, this.play, button("Step", () => this.go(1)),
      button("100 steps", () => this.go(100)), button("Reset", () => this.reset()),
      button("Best rate", rate("best")), button("At the limit", rate("limit")),
      points,
    );
  }

  /** Other points, in other windows. */
  take(points) {
    this.line.take(points);
    this.move(points);
  }

  /** Points that were moved: the steps begin anew. */
  move(points) {
    this.pause();
    this.descent.take(points);
    this.bowl.take(this.descent);
    this.draw();
  }

  change(given) {
    this.descent.change(given);
    this.draw();
  }

  go(steps) {
    this.pause();
    this.descent.go(steps);
    this.draw();
  }

  reset() {
    this.pause();
    this.descent.reset();
    this.draw();
  }

  toggle() {
    if (this.playing) return this.pause();
    this.playing = true;
    this.play.textContent = "Pause";
    return this.next();
  }

  pause() {
    this.playing = false;
    this.play.textContent = "Play";
  }

  /** The first steps one by one, then ever more in a frame. */
  next() {
    if (!this.playing) return;
    this.frame += 1;
    const { length } = this.descent.path;
    const waits = length < SLOW && this.frame % FRAMES;
    const goes = waits || this.descent.go(Math.ceil(length / SLOW));
    if (!waits) this.draw();
    if (goes) requestAnimationFrame(() => this.next());
    else this.pause();
  }

  draw() {
    const { descent } = this;
    const { bowl, rate } = descent;
    this.now.textContent = stateOf(descent);
    this.verdict.textContent = verdictOn(descent);
    this.facts.textContent = factsOf(bowl);
    this.bowl.show(descent, this.now.textContent);
    this.line.show(descent.points, [descent.at, bowl.minimum]);
    const { limit, best } = bowl;
    const fits = limit > 2 * LOWEST && limit < HIGHEST;
    this.rate.show(rate, fits ? [LOWEST, HIGHEST] : [limit / 100, 2 * limit], [
      { at: best, name: `best ${short(best, 7)}` },
      { at: limit, name: `limit ${short(limit, 7)}` },
    ], limit);
    const last = descent.path.length - 1;
    this.chart.show({ curves: this.curves(), x: [0, Math.max(last, 10)], at: last });
  }

  curves() {
    const { costs, bowl } = this.descent;
    const every = Math.ceil(costs.length / DRAWN);
    const x = costs.map((_, i) => i).filter((i) => i % every === 0 || i === costs.length - 1);
    const floor = { name: "lowest", colour: "truth", style: "dash", x, y: x.map(() => bowl.floor) };
    return [floor, { name: "cost", colour: "model", x, y: x.map((i) => costs[i]) }];
  }
}

function stateOf({ path, at, costs, gradient, isOff }) {
  const [a, b, slopeA, slopeB] = [...at, ...gradient].map((value) => short(value, 7));
  const [last, end] = [path.length - 1, isOff ? " It has flown off." : ""];
  const place = `a = ${a}, b = ${b}, cost ${short(costs[last], 8)}`;
  return `Step ${last}: ${place}; slopes ${slopeA}, ${slopeB}.${end}`;
}

function factsOf({ minimum, floor, eigenvalues, limit, best }) {
  const [a, b, flat, steep] = [...minimum, ...eigenvalues].map((value) => short(value, 8));
  const [lowest, most, fastest] = [floor, limit, best].map((value) => short(value, 7));
  return `The cost, the sum of (a x + b − y)², is lowest, ${lowest}, at a = ${a}, b = ${b}. ` +
    `Its curvatures are ${steep} and ${flat}: the limit of the rate is 2 / ${steep} = ${most}, ` +
    `the best constant rate 2 / (${flat} + ${steep}) = ${fastest}.`;
}
