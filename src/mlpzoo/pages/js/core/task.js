// What is trained in a page: the rows, and a network of the layers that are asked for.

import { areAlike, countOf } from "./network.js";
import { unpack } from "./packed.js";

const MOST = 101; // points of a function
const OUTPUTS = { bcewithlogits: ["identity", "logit"], other: ["sigmoid", "probability"] };

/**
 * The training rows of a page: those given, or a grid of a function of one input.
 * @returns {Promise<?{x: Float64Array, y: Float64Array[]}>} x rows x inputs; y for each output
 */
export async function rowsOf({ rows, truth, ranges, net }) {
  if (rows) {
    const y = net.outputs.map((_, k) => Float64Array.from(rows.y, (row) => row[k]));
    return { x: Float64Array.from(rows.x.flat()), y };
  }
  if (!truth || ranges.length > 1) return null;
  return gridRows(truth, await unpack(truth.values), ranges[0]);
}

function gridRows({ points }, values, [low, high]) {
  const kept = Math.min(points, MOST);
  const places = Array.from({ length: kept }, (_, i) =>
    Math.round((i * (points - 1)) / (kept - 1)),
  );
  const x = Float64Array.from(places, (i) => low + ((high - low) * i) / (points - 1));
  const outputs = Array.from({ length: values.length / points }, (_, k) => k * points);
  return { x, y: outputs.map((from) => Float64Array.from(places, (i) => values[from + i])) };
}

/** The sizes of the hidden layers where each takes from the one before; else null. */
export function hiddenOf(net) {
  return net.outputs.length > 1 ? null : net.layers.slice(0, -1).map(({ units }) => units);
}

/** The activation that all hidden layers have and that can be trained; else "". */
export function activationOf(net) {
  const ends = net.outputs.map(([, layer]) => layer);
  const names = new Set(net.layers.filter((_, i) => !ends.includes(i)).map((e) => e.activation));
  return names.size > 1 || names.has("step") ? "" : ([...names][0] ?? "sigmoid");
}

/**
 * A network like another, of these hidden layers; `parameters` holds all its weights and biases.
 * @param {import("./network.js").Network} net
 * @param {{hidden: ?number[], activation: string, loss: string}} settings - hidden null and
 *   activation "" for what it has
 * @param {boolean} isGate - whether the loss says if the output is a logit or a probability
 * @returns {Network & {parameters: Float64Array, kept: boolean}} kept: it has the other's weights
 */
export function networkOf(net, { hidden, activation, loss }, isGate) {
  const ends = net.outputs.map(([, layer]) => layer);
  const layers = (hidden ? stackOf(net, hidden) : net.layers).map((layer) => ({ ...layer }));
  const outputs = hidden ? [[net.outputs[0][0], hidden.length]] : net.outputs;
  const isEnd = (i) => (hidden ? i === hidden.length : ends.includes(i));
  const [last, gives] = OUTPUTS[loss] ?? OUTPUTS.other;
  layers.forEach((layer, i) => {
    if (!isEnd(i)) layer.activation = activation || layer.activation;
    else if (isGate) layer.activation = last;
  });
  const made = { ...net, layers, outputs, gives: isGate ? gives : net.gives };
  return withParameters(made, net);
}

function stackOf(net, hidden) {
  const end = net.layers.at(-1);
  const sizes = [net.inputs, ...hidden, end.units];
  return sizes.slice(1).map((units, i) => {
    const last = i === hidden.length;
    const { activation } = last ? end : (net.layers.slice(0, -1)[i] ?? net.layers[0]);
    const label = last ? "output" : `layer ${i + 1}`;
    return { label, units, inputs: sizes[i], activation, source: i ? i - 1 : null };
  });
}

/** All weights in one array, of which those of the layers are parts. */
function withParameters(net, other) {
  net.kept = areAlike(net, other);
  net.parameters = new Float64Array(countOf({ layers: net.layers.map(sizesOf) }));
  let at = 0;
  net.layers.forEach((layer, i) => {
    for (const [name, { length }] of Object.entries(sizesOf(layer))) {
      layer[name] = net.parameters.subarray(at, at + length);
      if (net.kept) layer[name].set(other.layers[i][name]);
      at += length;
    }
  });
  return net;
}

const sizesOf = ({ units, inputs }) => ({
  weight: { length: units * inputs }, bias: { length: units },
});
