// Gradient descent on the cost of a line, step by step, as one sees it.

import { bowlOf, costOf, gradientOf, stepFrom } from "./line.js";

export const LECTURE = [[2, 4], [4, 7], [8, 8]]; // the points of the notes
const FARTHEST = 1e12; // times the first cost: where a path that flies off ends
const LONGEST = 100000; // steps

/** A start, a rate, the points, and the steps so far. */
export class Descent {
  constructor(points, start = [0, 0], rate = 0.001) {
    Object.assign(this, { start, rate });
    this.take(points);
  }

  /** Other points; the steps begin anew. */
  take(points) {
    this.points = points;
    this.bowl = bowlOf(points);
    this.reset();
  }

  reset() {
    this.path = [this.start];
    this.costs = [costOf(this.points, this.start)];
  }

  /** The same number of steps from another start or at another rate. */
  change(given) {
    const steps = this.path.length - 1;
    Object.assign(this, given);
    this.reset();
    this.go(steps);
  }

  get at() {
    return this.path[this.path.length - 1];
  }

  get gradient() {
    return gradientOf(this.points, this.at);
  }

  get isOff() {
    return !(this.costs[this.costs.length - 1] <= FARTHEST * (this.costs[0] + 1));
  }

  /** Take steps; tells whether there is any more to take. */
  go(steps) {
    for (let i = 0; i < steps; i++) {
      const next = stepFrom(this.points, this.at, this.rate);
      const stands = next.every((value, k) => value === this.at[k]);
      if (stands || this.isOff || this.path.length > LONGEST) return false;
      this.path.push(next);
      this.costs.push(costOf(this.points, next));
    }
    return true;
  }

  /** By what a step multiplies the distance to the minimum: along the flat axis, and the steep. */
  get factors() {
    return this.bowl.eigenvalues.map((value) => 1 - this.rate * value);
  }

  /** How many steps leave a tenth of the distance: of the slower axis, without rounding to 1. */
  get tenfold() {
    const shrinks = this.bowl.eigenvalues.map((value) => {
      const part = this.rate * value;
      return part < 1 ? -Math.log1p(-part) : -Math.log(part - 1);
    });
    return Math.max(1, Math.ceil(Math.LN10 / Math.min(...shrinks)));
  }
}

/** A factor with four digits, or as many more as tell it from 1. */
function written(factor) {
  const digits = [4, 8, 12, 16].find((most) => Math.abs(Number(factor.toPrecision(most))) !== 1);
  return Number(factor.toPrecision(digits ?? 4));
}

/** What a rate does, in words. */
export function verdictOn({ rate, bowl, factors, tenfold }) {
  const [flat, steep] = factors.map(written);
  const by = rate === bowl.limit ? -1 : steep;
  const times = `Each step multiplies the distance to the minimum by ${by} along the steep axis`;
  if (rate > bowl.limit) {
    return `Above the limit: it diverges. ${times}: it jumps across the valley to the other ` +
      "side, higher each time, and flies off.";
  }
  if (rate === bowl.limit) return `At the limit: it jumps to and fro for ever. ${times}.`;
  const sides = steep < 0 ? " (from side to side)" : "";
  const many = tenfold < 1e9 ? tenfold.toLocaleString("en") : tenfold.toPrecision(4);
  return `Below the limit: it converges. ${times}${sides}, by ${flat} along the flat one; ` +
    `in the end ${many} step${tenfold === 1 ? "" : "s"} for a tenth of the distance.`;
}
