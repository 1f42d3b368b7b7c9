// How weights start: the schemes of mlpzoo.nets.initialization, from the page's own random numbers.

import { randomOf } from "./random.js";

const CENTRED_GAIN = 4;
const ROTATION = { first: 0.7, between: 2.5, last: 8, tilt: 0.01 };

/** By name, what fills each layer in turn: draw(layer, random, place among the layers). */
const STARTS = {
  default: asTorch,
  uniform: ({ weight, bias }, { uniform }) => {
    fill(weight, () => uniform(0, 1));
    fill(bias, () => uniform(0, 1));
  },
  xavier: (layer, random) => glorot(layer, random, 1),
  centred: (layer, random) => {
    glorot(layer, random, CENTRED_GAIN);
    centre(layer);
  },
  rotation,
  spread: (layer, random, place) => spread(layer, random, place, 0.25),
  steep: (layer, random, place) => spread(layer, random, place, 1),
  nguyen: (layer, random, place) => {
    spread(layer, random, place, 0.7 * layer.units ** (1 / layer.inputs));
  },
  zeros: ({ weight, bias }) => [weight, bias].forEach((part) => part.fill(0)),
};

/** Draw all weights and biases anew, times a gain; the same seed gives the same. */
export function drawStart(net, name, seed, gain = 1) {
  const random = randomOf(seed);
  net.layers.forEach((layer, i) => {
    STARTS[name](layer, random, { first: i === 0, last: i === net.layers.length - 1 });
    for (const part of [layer.weight, layer.bias]) fill(part, (value) => gain * value);
  });
}

function fill(part, draw) {
  for (let i = 0; i < part.length; i++) part[i] = draw(part[i]);
}

/** U(-1/sqrt(inputs), 1/sqrt(inputs)). */
function asTorch({ weight, bias, inputs }, { uniform }) {
  const bound = 1 / Math.sqrt(inputs);
  for (const part of [weight, bias]) fill(part, () => uniform(-bound, bound));
}

/** Glorot and Bengio 2010; biases 0. */
function glorot({ weight, bias, units, inputs }, { uniform }, gain) {
  const bound = gain * Math.sqrt(6 / (units + inputs));
  fill(weight, () => uniform(-bound, bound));
  bias.fill(0);
}

/** Biases with which each unit is at 0 in the middle of the unit square. */
function centre({ weight, bias, units, inputs }) {
  for (let unit = 0; unit < units; unit++) {
    const row = weight.subarray(unit * inputs, (unit + 1) * inputs);
    bias[unit] = row.reduce((sum, value) => sum + value, 0) / -2;
  }
}

/** Rows, or columns where there are more rows, at right angles and of one length; centred. */
function rotation(layer, { uniform, normal }, { first, last }) {
  const { weight, bias, units, inputs } = layer;
  fill(weight, normal);
  const [count, size, step, stride] =
    units < inputs ? [units, inputs, inputs, 1] : [inputs, units, 1, inputs];
  const vectors = Array.from({ length: count }, (_, i) =>
    Float64Array.from({ length: size }, (_, j) => weight[i * step + j * stride]),
  );
  const gain = first ? ROTATION.first : last ? ROTATION.last : ROTATION.between;
  orthonormal(vectors);
  vectors.forEach((vector, i) => vector.forEach((value, j) => {
    weight[i * step + j * stride] = gain * value;
  }));
  centre(layer);
  // Exactly centred, the gradient of the last biases on XOR would be nothing but rounding.
  if (last) bias.forEach((value, i) => (bias[i] = value + ROTATION.tilt * uniform(-1, 1)));
}

/** Gram and Schmidt: take from each vector its share along those before it, twice for rounding. */
function orthonormal(vectors) {
  vectors.forEach((vector, i) => {
    for (const before of [...vectors.slice(0, i), ...vectors.slice(0, i)]) {
      const along = dot(vector, before);
      vector.forEach((_, j) => (vector[j] -= along * before[j]));
    }
    const length = Math.sqrt(dot(vector, vector));
    vector.forEach((_, j) => (vector[j] /= length));
  });
}

function dot(one, other) {
  return one.reduce((sum, value, i) => sum + value * other[i], 0);
}

/** "default", but the first layer's units bend at points spread evenly over [-1, 1]. */
function spread(layer, random, { first, last }, gain) {
  asTorch(layer, random);
  if (!first || last) return;
  const { weight, bias, units, inputs } = layer;
  const orders = Array.from({ length: inputs }, () => shuffled(units, random));
  for (let unit = 0; unit < units; unit++) {
    const row = weight.subarray(unit * inputs, (unit + 1) * inputs);
    fill(row, random.normal);
    const length = Math.hypot(...row);
    row.forEach((value, i) => (row[i] = (value * gain) / length));
    const point = orders.map((order) => (2 * order[unit] + 1) / units - 1);
    bias[unit] = -dot(row, point);
  }
}

function shuffled(count, { uniform }) {
  const keys = Array.from({ length: count }, () => uniform(0, 1));
  return keys.map((_, i) => i).sort((one, other) => keys[one] - keys[other]);
}
