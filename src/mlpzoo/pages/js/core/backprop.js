// Backpropagation: the cost of a network on some rows, and its gradient, layer by layer.
//
// For a layer h = act(z), z = W s + b, with s what its source gives, and d/d h known:
//   d cost/d z = d cost/d h * act'(z)
//   d cost/d W = sum over the rows of (d cost/d z) s^T        d cost/d b = sum of d cost/d z
//   d cost/d s = W^T d cost/d z, to which each other layer that takes s adds its own
// From the output back, d cost/d h of each layer is complete when its turn comes.

import { ACTIVATIONS } from "./activations.js";
import { LOSSES } from "./losses.js";
import { countOf, outScaleOf, scaledInputs } from "./network.js";

const AT_ONCE = 4; // rows, which take turns in a processor; there may be rows of zeros at the end

/** All memory of a step is taken once, so that a step leaves nothing to collect. */
export class Backprop {
  /**
   * @param {import("./network.js").Network} net - its weights may change in between
   * @param {Float64Array} x - rows x inputs, in natural units
   * @param {Float64Array[]} targets - for each output, rows x its units, in natural units
   * @param {{loss: string, reduction: "sum" | "mean"}} objective - over the rows of all outputs
   *   that take from the same layer; the costs of several heads are added
   */
  constructor(net, x, targets, objective) {
    const rows = Math.ceil(x.length / net.inputs / AT_ONCE) * AT_ONCE;
    const size = rows * net.inputs;
    const input = { values: new Float64Array(size), deltas: new Float64Array(size) };
    this.input = input;
    input.values.set(scaledInputs(net, x));
    this.gradient = new Float64Array(countOf(net)); // in the order of parametersOf
    this.passes = [];
    let at = 0;
    for (const layer of net.layers) {
      const from = layer.source === null ? input : this.passes[layer.source];
      this.passes.push(passOf(layer, from, rows, this.gradient.subarray(at)));
      at += layer.weight.length + layer.bias.length;
    }
    const sources = net.outputs.map(([, layer]) => net.layers[layer].source);
    this.outputs = net.outputs.map(([, layer], i) => {
      const [shift, scale] = outScaleOf(net, layer);
      const alike = sources.filter((source) => source === sources[i]).length;
      const count = targets[i].length * alike;
      return { pass: this.passes[layer], targets: targets[i], shift, scale, count };
    });
    this.set(objective);
  }

  set({ loss, reduction }) {
    this.loss = LOSSES[loss];
    this.mean = reduction === "mean";
  }

  /** Forward: what each layer gives now, and the cost of it. */
  cost() {
    for (const pass of this.passes) forward(pass);
    let cost = 0;
    for (const output of this.outputs) cost += costOf(output, this.loss.value, this.mean);
    return cost;
  }

  /** Calls visit(answer, target) for all rows and outputs, in natural units, behind `cost`. */
  eachAnswer(visit) {
    for (const { pass, targets, shift, scale } of this.outputs) {
      targets.forEach((target, i) => visit(shift + scale * pass.values[i], target));
    }
  }

  /** Backward, behind `cost`: the gradient of it. */
  backward() {
    for (const sum of [this.gradient, this.input.deltas]) sum.fill(0);
    for (const pass of this.passes) pass.deltas.fill(0);
    for (const output of this.outputs) startFrom(output, this.loss.slope, this.mean);
    for (let i = this.passes.length - 1; i >= 0; i--) backward(this.passes[i]);
  }
}

/** A layer's place in the chain; deltas hold d cost/d h at first, then d cost/d z. */
function passOf(layer, from, rows, gradient) {
  const { units, weight } = layer;
  const { value, slope } = ACTIVATIONS[layer.activation];
  return {
    layer, from, rows, value, slope,
    sums: new Float64Array(rows * units),
    values: new Float64Array(rows * units),
    deltas: new Float64Array(rows * units),
    ofWeight: gradient.subarray(0, weight.length),
    ofBias: gradient.subarray(weight.length, weight.length + units),
  };
}

function forward({ layer, from, rows, value, sums, values }) {
  const { units, inputs, weight, bias } = layer;
  const given = from.values;
  for (let row = 0; row < rows; row += AT_ONCE) {
    const s0 = row * inputs;
    const [s1, s2, s3] = [s0 + inputs, s0 + 2 * inputs, s0 + 3 * inputs];
    for (let unit = 0; unit < units; unit++) {
      let [z0, z1, z2, z3] = [bias[unit], bias[unit], bias[unit], bias[unit]];
      for (let i = 0; i < inputs; i++) {
        const w = weight[unit * inputs + i];
        z0 += w * given[s0 + i];
        z1 += w * given[s1 + i];
        z2 += w * given[s2 + i];
        z3 += w * given[s3 + i];
      }
      const at = row * units + unit;
      sums[at] = z0;
      sums[at + units] = z1;
      sums[at + 2 * units] = z2;
      sums[at + 3 * units] = z3;
    }
  }
  for (let i = 0; i < sums.length; i++) values[i] = value(sums[i]);
}

function costOf({ pass, targets, shift, scale, count }, value, mean) {
  let sum = 0;
  for (let i = 0; i < targets.length; i++) sum += value(shift + scale * pass.values[i], targets[i]);
  return mean ? sum / count : sum;
}

/** d cost/d h of an output: the slope of the loss, in the units that the last layer works in. */
function startFrom({ pass, targets, shift, scale, count }, slope, mean) {
  const share = mean ? scale / count : scale;
  for (let i = 0; i < targets.length; i++) {
    pass.deltas[i] += share * slope(shift + scale * pass.values[i], targets[i]);
  }
}

function backward({ layer, from, rows, slope, sums, values, deltas, ofWeight, ofBias }) {
  const { units, inputs, weight } = layer;
  const [given, before] = [from.values, from.deltas];
  for (let i = 0; i < sums.length; i++) deltas[i] *= slope(sums[i], values[i]);
  for (let row = 0; row < rows; row += AT_ONCE) {
    const s0 = row * inputs;
    const [s1, s2, s3] = [s0 + inputs, s0 + 2 * inputs, s0 + 3 * inputs];
    for (let unit = 0; unit < units; unit++) {
      const at = row * units + unit;
      const [d0, d1] = [deltas[at], deltas[at + units]];
      const [d2, d3] = [deltas[at + 2 * units], deltas[at + 3 * units]];
      if (d0 === 0 && d1 === 0 && d2 === 0 && d3 === 0) continue; // as many of a ReLU's are
      ofBias[unit] += d0 + d1 + d2 + d3;
      for (let i = 0; i < inputs; i++) {
        const w = unit * inputs + i;
        ofWeight[w] += d0 * given[s0 + i] + d1 * given[s1 + i];
        ofWeight[w] += d2 * given[s2 + i] + d3 * given[s3 + i];
        before[s0 + i] += d0 * weight[w];
        before[s1 + i] += d1 * weight[w];
        before[s2 + i] += d2 * weight[w];
        before[s3 + i] += d3 * weight[w];
      }
    }
  }
}
