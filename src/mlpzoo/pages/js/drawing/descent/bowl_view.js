// The bowl of a line's cost from above and in three dimensions, with the steps in it.

import { costOf } from "../../analysis/line.js";
import { make } from "../dom.js";
import { gridOver } from "../heat.js";
import { dot } from "../plot/curves.js";
import { Plane } from "../plot/plane.js";
import { solidCanvas } from "../solid.js";
import { drawContours, drawCross, drawPath } from "./contours.js";

const POINTS = 31; // along an axis of the bowl
const LEGEND = "Ring: the start. White: the steps. Pink: the minimum.";
const CROSS = "#e0218a"; // seen on all of viridis

export class BowlView {
  /** @param {(start: number[]) => void} setStart */
  constructor(setStart) {
    this.map = new Plane({
      ranges: [[0, 1], [0, 1]], names: ["a", "b"], what: "The start", onPick: setStart,
      paint: (context, frame) => this.paint(context, frame),
    });
    [this.canvas, this.drawSolid] = solidCanvas(360, 300, "The cost over a and b");
    const legend = make("p", { class: "soft" }, LEGEND);
    this.elements = [make("div", {}, this.map.element, legend), this.canvas];
  }

  /** Other points: what of their bowl is in view, namely 0 and its mirror images at both axes. */
  take({ bowl, points }) {
    const { minimum, axes } = bowl;
    const parts = axes.map(([a, b]) => minimum[0] * a + minimum[1] * b);
    this.map.ranges = minimum.map((value, i) => {
      const half = parts.reduce((sum, part, k) => sum + Math.abs(part * axes[k][i]), 0);
      return [value - 1.3 * half - 0.1, value + 1.3 * half + 0.1];
    });
    const places = gridOver(this.map.ranges, POINTS);
    this.heights = Float64Array.from({ length: POINTS ** 2 }, (_, i) => {
      return costOf(points, [places[2 * i], places[2 * i + 1]]);
    });
    this.highest = Math.max(...this.heights);
  }

  /** @param {import("../../analysis/descent.js").Descent} descent */
  show(descent, words) {
    this.descent = descent;
    this.map.show(descent.start, words);
    const { ranges } = this.map;
    const mark = (at, colour) => ({ at: [...at, costOf(descent.points, at)], colour });
    const inside = descent.at.every((value, i) => value >= ranges[i][0] && value <= ranges[i][1]);
    this.drawSolid({
      values: this.heights, n: POINTS, ranges: [...ranges, [0, this.highest]],
      names: ["a", "b", "cost"],
      marks: [mark(descent.start, "zero"), inside && mark(descent.at, "error")].filter(Boolean),
    });
  }

  paint(context, frame) {
    if (!this.descent) return;
    const { at, bowl, path } = this.descent;
    drawContours(context, frame, bowl, this.highest - bowl.floor);
    drawPath(context, frame, path);
    drawCross(context, frame, bowl.minimum, CROSS);
    dot(context, frame, ...at, "error");
  }
}
