// Where a network of one input bends, as mlpzoo.analysis.pieces finds it, here in float64.

import { forward } from "../core/network.js";

const NEAR = 1e-12; // of a range: how far apart rounding may put what is one place
const SAME = 1e-13; // of what adds up to a slope: how much two equal ones may differ by rounding

export const isPiecewise = (net) =>
  net.inputs === 1 && net.layers.every(({ activation }) => /^(relu|identity)$/.test(activation));

/**
 * Between two of these places next to each other every unit of a ReLU network is a straight line:
 * the ends of the range, and wherever the sum of some unit is 0.
 * @returns {Float64Array} rising
 */
export function bendsOf(net, low, high) {
  let x = Float64Array.of(low, high);
  net.layers.forEach((layer, k) => {
    if (layer.activation === "relu") x = cut(x, forward(net, x).sums[k], layer.units);
  });
  return x;
}

/** The places, and those between where a line from one to the next crosses 0. */
function cut(x, sums, units) {
  const places = [...x];
  for (let i = 0; i + 1 < x.length; i++) {
    for (let unit = 0; unit < units; unit++) {
      const [left, right] = [sums[i * units + unit], sums[(i + 1) * units + unit]];
      if (left * right < 0) places.push(x[i] + ((x[i + 1] - x[i]) * left) / (left - right));
    }
  }
  return apart(Float64Array.from(places).sort(), x[0], x.at(-1));
}

/** Of rising places those that are not nearly the one before; both ends stay. */
function apart(places, low, high) {
  const least = NEAR * (high - low);
  const inner = [];
  for (const place of places) {
    if (place - (inner.at(-1) ?? low) > least && high - place > least) inner.push(place);
  }
  return Float64Array.of(low, ...inner, high);
}

/**
 * The places where the first output itself bends.
 * @param {Float64Array} x - of bendsOf
 * @returns {Float64Array}
 */
export function knotsOf(net, x) {
  const middles = x.slice(1).map((end, i) => (x[i] + end) / 2);
  const { slopes, sizes } = slopesOf(net, middles);
  return x.slice(1, -1).filter((_, i) => {
    const [before, behind] = [slopes[i], slopes[i + 1]];
    return Math.abs(behind - before) > SAME * Math.max(sizes[i], sizes[i + 1]);
  });
}

/**
 * The slopes of the first output's last sum at some places, by the chain rule, as differences
 * would lose digits between places close together; and the sizes of all that adds up to each.
 */
function slopesOf(net, x) {
  const { sums } = forward(net, x);
  const along = [];
  net.layers.forEach(({ units, inputs, weight, activation, source }, k) => {
    const from = along[source] ?? { slopes: x.map(() => 1), sizes: x.map(() => 1) };
    const [slopes, sizes] = [0, 0].map(() => new Float64Array(sums[k].length));
    for (let at = 0; at < slopes.length; at++) {
      if (activation === "relu" && !(sums[k][at] > 0)) continue; // its slope is 0
      const [row, unit] = [Math.floor(at / units) * inputs, (at % units) * inputs];
      for (let i = 0; i < inputs; i++) {
        slopes[at] += weight[unit + i] * from.slopes[row + i];
        sizes[at] += Math.abs(weight[unit + i]) * from.sizes[row + i];
      }
    }
    along.push({ slopes, sizes });
  });
  const [, end] = net.outputs[0];
  const first = (values) => values.filter((_, i) => i % net.layers[end].units === 0);
  return { slopes: first(along[end].slopes), sizes: first(along[end].sizes) };
}

/**
 * Of a ReLU layer, which units are never above 0 in the range, and which always.
 * @param {Float64Array} sums - the layer's at all places of bendsOf
 * @returns {("dead" | "always on" | "")[]}
 */
export function statesOf(sums, units) {
  return Array.from({ length: units }, (_, unit) => {
    let [low, high] = [Infinity, -Infinity];
    for (let i = unit; i < sums.length; i += units) {
      [low, high] = [Math.min(low, sums[i]), Math.max(high, sums[i])];
    }
    const least = NEAR * Math.max(high, -low); // a sum that only touches 0 may be rounded across it
    return high <= least ? "dead" : low >= -least ? "always on" : "";
  });
}
