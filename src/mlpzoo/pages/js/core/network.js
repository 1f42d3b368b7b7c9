// A network as its layers, each h = act(W s + b) behind its source: see mlpzoo.analysis.layers.

import { ACTIVATIONS } from "./activations.js";
import { unpack } from "./packed.js";

/**
 * @typedef {object} Layer
 * @property {string} label - "layer 1", "output", "trunk layer 2", "max head", ...
 * @property {number} units
 * @property {number} inputs
 * @property {string} activation - a name of ACTIVATIONS
 * @property {?number} source - which layer it takes from; null for the input
 * @property {Float64Array} weight - units x inputs, row by row
 * @property {Float64Array} bias - units
 *
 * @typedef {object} Network
 * @property {Layer[]} layers
 * @property {[string, number][]} outputs - the name of each output, and the layer that gives it
 * @property {number} inputs
 * @property {Scale} inScale - centre and half width: the first layer takes (x - c) / h
 * @property {Scale} outScale - the outputs are c + h * (last layer)
 * @property {string} gives - "value", "logit" or "probability"
 *
 * @typedef {[number | number[], number | number[]]} Scale - of all columns, or of each
 */

/** @returns {Promise<Network>} of what mlpzoo.pages wrote */
export async function readNetwork(data) {
  const net = {
    layers: data.layers.map((layer) => ({ ...layer })),
    outputs: data.outputs,
    inputs: data.inputs,
    inScale: data.inScale,
    outScale: data.outScale,
    gives: data.gives,
  };
  for (const layer of net.layers) {
    layer.weight = new Float64Array(layer.units * layer.inputs);
    layer.bias = new Float64Array(layer.units);
  }
  setParameters(net, await unpack(data.weights));
  return net;
}

/** Whether two networks have the same layers, so that each can take the weights of the other. */
export function areAlike(one, other) {
  const isSame = (layer, i) =>
    ["units", "inputs", "source"].every((name) => layer[name] === other.layers[i][name]);
  return one.layers.length === other.layers.length && one.layers.every(isSame);
}

/** All weights and biases, layer by layer, the weights of a layer before its biases. */
export function parametersOf(net) {
  const all = new Float64Array(countOf(net));
  eachPart(net, (part, at) => all.set(part, at));
  return all;
}

export function setParameters(net, all) {
  eachPart(net, (part, at) => part.set(all.subarray(at, at + part.length)));
}

export function countOf(net) {
  return net.layers.reduce((sum, layer) => sum + layer.weight.length + layer.bias.length, 0);
}

function eachPart(net, visit) {
  let at = 0;
  for (const layer of net.layers) {
    for (const part of [layer.weight, layer.bias]) {
      visit(part, at);
      at += part.length;
    }
  }
}

/** Centre and half width of one column. */
export const scaleOf = (scale, column) =>
  scale.map((ends) => (Array.isArray(ends) ? ends[column] : ends));

/** The same of what a layer gives, which is a number of the network's own but for an output. */
export function outScaleOf(net, layer) {
  const column = net.outputs.findIndex(([, end]) => end === layer);
  return column < 0 ? [0, 1] : scaleOf(net.outScale, column);
}

/** Rows of inputs in the network's own units. */
export function scaledInputs({ inScale, inputs }, x) {
  const scales = Array.from({ length: inputs }, (_, column) => scaleOf(inScale, column));
  const [centres, halfWidths] = [0, 1].map((end) => scales.map((scale) => scale[end]));
  return x.map((value, i) => (value - centres[i % inputs]) / halfWidths[i % inputs]);
}

/**
 * What every layer gives for some rows.
 * @param {Float64Array} x - rows x inputs, in natural units
 * @returns {{scaled: Float64Array, sums: Float64Array[], values: Float64Array[]}} the input in the
 *   network's own units; W s + b and act(W s + b) of each layer, rows x units
 */
export function forward(net, x) {
  const scaled = scaledInputs(net, x);
  const [sums, values] = [[], []];
  for (const layer of net.layers) {
    const from = layer.source === null ? scaled : values[layer.source];
    const sum = affine(layer, from);
    sums.push(sum);
    const { activation } = layer;
    values.push(activation === "identity" ? sum : sum.map(ACTIVATIONS[activation].value));
  }
  return { scaled, sums, values };
}

/** Four units at a time, whose sums a processor takes side by side; the last may be one twice. */
function affine({ units, inputs, weight, bias }, from) {
  const sums = new Float64Array((from.length / inputs) * units);
  const last = units - 1;
  for (let row = 0, at = 0; row < from.length; row += inputs, at += units) {
    for (let a = 0; a < units; a += 4) {
      const [b, c, d] = [Math.min(a + 1, last), Math.min(a + 2, last), Math.min(a + 3, last)];
      const [p, q, r, s] = [a * inputs, b * inputs, c * inputs, d * inputs];
      let [inA, inB, inC, inD] = [bias[a], bias[b], bias[c], bias[d]];
      for (let i = 0; i < inputs; i++) {
        const value = from[row + i];
        inA += weight[p + i] * value;
        inB += weight[q + i] * value;
        inC += weight[r + i] * value;
        inD += weight[s + i] * value;
      }
      sums[at + a] = inA;
      sums[at + b] = inB;
      sums[at + c] = inC;
      sums[at + d] = inD;
    }
  }
  return sums;
}

/** What the network answers: for each output, rows numbers in natural units. */
export function answersOf(net, { values }) {
  return net.outputs.map(([, layer]) => {
    const [centre, halfWidth] = outScaleOf(net, layer);
    return values[layer].map((value) => centre + halfWidth * value);
  });
}

/** An answer as a probability, where it is a logit. */
export function asProbability(net, answer) {
  return net.gives === "logit" ? ACTIVATIONS.sigmoid.value(answer) : answer;
}

/** What one unit gave for each row; an output in natural units. */
export function unitValues(net, { values }, layer, unit) {
  const { units } = net.layers[layer];
  const all = values[layer];
  const [centre, halfWidth] = outScaleOf(net, layer);
  const given = new Float64Array(all.length / units);
  for (let row = 0; row < given.length; row++) {
    given[row] = centre + halfWidth * all[row * units + unit];
  }
  return given;
}

export function isOutput(net, layer) {
  return net.outputs.some(([, end]) => end === layer);
}
