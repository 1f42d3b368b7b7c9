// Networks and their truths on grids.

import { answersOf, countOf, forward } from "../core/network.js";
import { unpack } from "../core/packed.js";

const SLICE = 8e6; // multiplications between two frames: some 10 ms
const LEAST = 101; // points of a curve

/** So many numbers from low to high, both included. */
export function spread(low, high, count) {
  return Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}

/** How many points, at most so many, a curve can have that is drawn while a network learns. */
export function pointsAtOnce(net, most) {
  return Math.min(most, Math.max(LEAST, Math.round(SLICE / countOf(net))));
}

/**
 * What a network answers, a slice of the rows a time, so that the page stays alive.
 * @param {(share: number) => void} progress - called behind each slice
 * @returns {Promise<Float64Array[]>} as answersOf
 */
export async function answersInSlices(net, x, progress = () => {}) {
  const weights = net.layers.reduce((sum, { weight }) => sum + weight.length, 0);
  const step = Math.max(1, Math.floor(SLICE / weights)) * net.inputs;
  const parts = [];
  for (let at = 0; at < x.length; at += step) {
    if (at > 0) await new Promise((resolve) => setTimeout(resolve));
    parts.push(answersOf(net, forward(net, x.subarray(at, at + step))));
    progress(Math.min(1, (at + step) / x.length));
  }
  return net.outputs.map((_, k) => joined(parts.map((part) => part[k])));
}

function joined(parts) {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

/** The truths that a page has, one an output: numbers on a grid. */
export async function truthsOf({ truth, inputs }) {
  if (!truth) return [];
  const all = await unpack(truth.values);
  const each = truth.points ** inputs.length;
  const part = (_, k) => all.subarray(k * each, (k + 1) * each);
  return Array.from({ length: all.length / each }, part);
}

/** A function known on a grid of one axis, between the points by the cubic through four of them. */
export function between(values, [low, high]) {
  const last = values.length - 1;
  return (x) => {
    const at = ((x - low) / (high - low)) * last;
    const first = Math.min(Math.max(Math.floor(at) - 1, 0), Math.max(last - 3, 0));
    const nodes = [0, 1, 2, 3].map((i) => first + i).filter((node) => node <= last);
    return nodes.reduce((sum, node) => sum + values[node] * basis(nodes, node, at), 0);
  };
}

function basis(nodes, node, at) {
  const others = nodes.filter((other) => other !== node);
  return others.reduce((product, other) => (product * (at - other)) / (node - other), 1);
}

/** The same over two axes, of n x n numbers, the first axis slowest. */
export function betweenTwo(values, n, [first, second]) {
  const rows = spread(0, n - 1, n);
  return (x1, x2) => {
    const along = rows.map((row) => between(values.subarray(row * n, (row + 1) * n), second)(x2));
    return between(along, first)(x1);
  };
}

/** Where two rows of numbers differ most: [index, first - second]. */
export function largestError(first, second) {
  let [at, error] = [0, 0];
  for (let i = 0; i < first.length; i++) {
    const here = first[i] - second[i];
    if (Number.isNaN(here)) return [i, here];
    if (Math.abs(here) > Math.abs(error)) [at, error] = [i, here];
  }
  return [at, error];
}
