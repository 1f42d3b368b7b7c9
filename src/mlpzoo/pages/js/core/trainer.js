// Training: steps, what they cost, and snapshots of the way, any of which it can go on from.

import { Backprop } from "./backprop.js";
import { OPTIMIZERS } from "./optimizers.js";

const A_DECADE = 30; // snapshots from any step to ten times that step, as mlpzoo.runs.snapshots
const [FEWEST, MOST] = [20, 200]; // snapshots kept at a time
const ROOM = 4e6; // numbers in all of them
const APART = 1.01; // of the steps at which the cost is noted
const PAST_HOPE = 1e9; // times the first cost
const [SLOW, QUICK] = [28, 20]; // milliseconds from one picture to the next: too many, fine
const [LEAST, LONGEST] = [1, 12]; // milliseconds of steps in between
const SLOW_STEP = 20; // milliseconds
const SHARE = 100; // "ratio": a picture takes a hundredth of the steps so far

/** The first step after this one with a snapshot: all early ones have, then equal ratios. */
export function nextStep(step) {
  let number = (String(step).length - 1) * A_DECADE;
  while (Math.round(10 ** (number / A_DECADE)) <= step) number++;
  return Math.round(10 ** (number / A_DECADE));
}

export class Trainer {
  /**
   * @param {import("./task.js").networkOf} net - with `parameters`
   * @param {{x: Float64Array, y: Float64Array[]}} rows - as of rowsOf
   * @param {{optimizer: string, lr: number, momentum: number, beta2: number, loss: string,
   *   reduction: string}} settings - they may change between steps
   */
  constructor(net, rows, settings) {
    Object.assign(this, { net, rows, settings, steps: 0, failed: null, isBehind: false });
    this.chain = new Backprop(net, rows.x, rows.y, settings);
    this.cost = this.chain.cost();
    this.forgetMoves();
    this.curve = { steps: [], costs: [] };
    this.noteAt = 0;
    this.snapshots = [];
    this.keep();
  }

  /** Say that settings have changed. */
  adjust() {
    this.chain.set(this.settings);
    if (this.optimizer !== this.settings.optimizer) this.forgetMoves();
  }

  forgetMoves() {
    this.optimizer = this.settings.optimizer;
    this.memory = new Float64Array(OPTIMIZERS[this.optimizer].memory * this.net.parameters.length);
    this.taken = 0;
  }

  /** One step; false where the cost has grown past all bounds, and `failed` says at which step. */
  step() {
    if (this.isBehind) this.dropAhead();
    const cost = (this.cost = this.chain.cost());
    if (this.steps >= this.noteAt) this.note(cost);
    if (!this.isSound(cost)) return this.fail(cost);
    this.chain.backward();
    const { parameters } = this.net;
    const { gradient } = this.chain;
    OPTIMIZERS[this.optimizer].step(
      parameters, gradient, this.memory, ++this.taken, this.settings,
    );
    if (++this.steps >= this.keepAt) this.keep();
    return true;
  }

  /** At most so many steps, and no new one after so many milliseconds; false as of step. */
  run(count, budget) {
    const end = performance.now() + budget;
    for (let done = 0; done < count; done++) {
      if (!this.step()) return false;
      if (performance.now() > end) break;
    }
    return true;
  }

  isSound(cost) {
    return cost <= PAST_HOPE * Math.max(1, this.curve.costs[0]); // which NaN is not
  }

  note(cost) {
    this.curve.steps.push(this.steps);
    this.curve.costs.push(cost);
    this.noteAt = Math.floor(this.steps * APART) + 1;
  }

  keep() {
    this.push();
    const each = this.net.parameters.length + this.memory.length;
    if (this.snapshots.length > Math.min(Math.max(ROOM / each, FEWEST), MOST)) {
      const last = this.snapshots.length - 1;
      this.snapshots = this.snapshots.filter((_, i) => i % 2 === 0 || i === last);
    }
    this.keepAt = nextStep(this.steps);
  }

  push() {
    this.snapshots.push({
      step: this.steps, weights: this.net.parameters.slice(), memory: this.memory.slice(),
      taken: this.taken, optimizer: this.optimizer,
    });
  }

  /** Keep the weights of now, so that one can come back to them; the others stay where they are. */
  hold() {
    if (!this.isBehind && this.snapshots.at(-1).step < this.steps) this.push();
  }

  /** Where among the snapshots the weights are; -1 where a reader has changed those of a step. */
  get at() {
    const at = this.snapshots.findLastIndex(({ step }) => step <= this.steps);
    const { step, weights } = this.snapshots[at];
    const { parameters } = this.net;
    return step < this.steps || weights.every((value, i) => value === parameters[i]) ? at : -1;
  }

  /** Go to a snapshot, from which the next step goes on; until then those after it are kept. */
  show(index) {
    this.hold();
    this.restore(index);
  }

  restore(index) {
    const { step, weights, memory, taken, optimizer } = this.snapshots[index];
    this.net.parameters.set(weights);
    Object.assign(this, { steps: step, memory: memory.slice(), taken, optimizer });
    this.isBehind = index < this.snapshots.length - 1;
    this.adjust();
  }

  /** Back to the start, with nothing kept of the way. */
  reset() {
    this.show(0);
    this.dropAhead();
  }

  dropAhead() {
    const { steps, costs } = this.curve;
    const left = steps.filter((step) => step < this.steps).length;
    this.curve = { steps: steps.slice(0, left), costs: costs.slice(0, left) };
    this.snapshots = this.snapshots.filter(({ step }) => step <= this.steps);
    this.keepAt = nextStep(this.steps);
    Object.assign(this, { noteAt: this.steps, isBehind: false, failed: null });
  }

  /** Show the last snapshot with a cost to speak of; the curve keeps the way up. */
  fail(cost) {
    if (this.steps + 1 < this.noteAt) this.note(cost);
    this.failed = this.steps;
    do this.restore(this.snapshots.length - 1);
    while (!this.isSound(this.chain.cost()) && this.snapshots.length > 1 && this.snapshots.pop());
    this.isBehind = true;
    return false;
  }

  /**
   * The cost now, or before the last step, which costs nothing more; of a gate, how many rows are
   * right; and the largest error of any output.
   */
  measure(isNow = true) {
    const cost = isNow ? this.chain.cost() : this.cost;
    const limit = this.net.gives === "logit" ? 0 : 0.5;
    let [right, largest] = [0, 0];
    this.chain.eachAnswer((answer, target) => {
      right += answer > limit === target > 0.5;
      largest = Math.max(largest, Math.abs(answer - target));
    });
    return { cost, right, largest };
  }
}

/** How many steps are taken between two pictures, so that 30 of them a second can be drawn. */
export class Pace {
  constructor() {
    Object.assign(this, { before: null, budget: LONGEST, perSecond: 0, isSlow: false });
  }

  /**
   * Take the steps of one picture.
   * @param {Trainer} trainer
   * @param {string} name - "ratio", "all" for as many as there is time for, or their number
   * @param {number} now - of the picture before, in milliseconds
   * @returns {boolean} as of Trainer.step
   */
  run(trainer, name, now) {
    const took = this.before === null ? 0 : now - this.before;
    if (took > SLOW) this.budget = Math.max(this.budget * 0.7, LEAST);
    else if (took < QUICK) this.budget = Math.min(this.budget * 1.1, LONGEST);
    const before = trainer.steps;
    const wanted = { ratio: Math.ceil(before / SHARE) || 1, all: Infinity }[name];
    const began = performance.now();
    const went = trainer.run(wanted ?? Number(name), this.budget);
    this.isSlow = trainer.steps === before + 1 && performance.now() - began > SLOW_STEP;
    if (took) this.perSecond += 0.1 * (((trainer.steps - before) * 1000) / took - this.perSecond);
    this.before = now;
    return went;
  }
}
