// Points that the reader drags, with the line of a descent and the least-squares line.

import { make } from "../dom.js";
import { drawCurve } from "../plot/curves.js";
import { Plane } from "../plot/plane.js";

const FIELDS = 12; // points, at most, with fields for their numbers

export class LineView {
  /** @param {(points: [number, number][]) => void} setPoints */
  constructor(setPoints) {
    Object.assign(this, { setPoints, points: [], chosen: 0, lines: [] });
    this.plane = new Plane({
      ranges: [[0, 1], [0, 1]], names: ["x", "y"], what: "A point",
      onPick: (place, event) => this.move(place, event),
      paint: (context, frame) => this.paint(context, frame),
    });
    this.fields = make("div", { class: "row" });
    const text = "Orange: the points. Blue: the line now. Dashed: least squares.";
    this.refused = make("p", { class: "wrong", role: "status" });
    const key = make("p", { class: "soft" }, text);
    this.elements = [this.plane.element, key, this.fields, this.refused];
  }

  /** Points of another origin: their window, and fields where they are few. */
  take(points) {
    this.plane.ranges = [0, 1].map((k) => roomy(points.map((point) => point[k])));
    this.chosen = 0;
    const few = points.length <= FIELDS ? points : [];
    this.inputs = few.map((_, i) => ["x", "y"].map((name, k) => {
      const oninput = ({ target }) => this.set(i, k, target.valueAsNumber);
      const onblur = ({ target }) => { // what was typed may have been refused
        target.value = String(this.points[i][k]);
      };
      const label = `${name} of point ${i + 1}`;
      return make("input", { type: "number", step: "any", "aria-label": label, oninput, onblur });
    }));
    const pairs = this.inputs.map((pair) => make("span", { class: "pair" }, pair));
    this.fields.replaceChildren(...pairs);
  }

  /** @param {[number, number][][]} lines - a and b of the line now, and of least squares */
  show(points, lines) {
    Object.assign(this, { points, lines });
    this.inputs.forEach((pair, i) => pair.forEach((input, k) => {
      if (document.activeElement !== input) input.value = String(points[i][k]);
    }));
    this.plane.show(points[this.chosen], "");
  }

  move(place, event) {
    if (event.type === "pointerdown") this.chosen = this.nearest(place);
    this.replace(this.chosen, place);
  }

  nearest(place) {
    const widths = this.plane.ranges.map(([low, high]) => high - low);
    const far = this.points.map((point) => {
      return Math.hypot(...point.map((at, k) => (at - place[k]) / widths[k]));
    });
    return far.indexOf(Math.min(...far));
  }

  set(i, k, value) {
    if (!Number.isFinite(value)) {
      this.refused.textContent = `${"xy"[k]} of point ${i + 1} takes a number.`;
      return;
    }
    this.chosen = i;
    this.replace(i, this.points[i].map((old, axis) => (axis === k ? value : old)));
  }

  /** Points that all stand at one x have no line: such a move is not made. */
  replace(i, point) {
    const points = this.points.map((old, place) => (place === i ? point : old));
    const isOne = points.every(([x]) => x === points[0][0]);
    this.refused.textContent = isOne ? "Points at one x have no line. Give another x." : "";
    if (!isOne) this.setPoints(points);
  }

  paint(context, frame) {
    const x = frame.x.range;
    this.lines.forEach(([a, b], i) => drawCurve(context, frame, {
      x, y: x.map((at) => a * at + b), colour: i ? "truth" : "model", style: i ? "dash" : "line",
    }));
    const sorted = [...this.points].sort(([a], [b]) => a - b);
    const [across, up] = [0, 1].map((k) => sorted.map((point) => point[k]));
    drawCurve(context, frame, { x: across, y: up, colour: "error", style: "dots" });
  }
}

/** A range with 0, and room beyond the outermost points. */
function roomy(values) {
  const [low, high] = [Math.min(...values, 0), Math.max(...values, 0)];
  const room = 0.25 * (high - low || 1);
  return [low < 0 ? low - room : 0, high > 0 ? high + room : 0];
}
