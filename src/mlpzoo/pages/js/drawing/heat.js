// Values over two inputs as a picture, and the lines where they are 0.

import { colour, viridis } from "./theme.js";

/** viridis in 256 steps, as a pixel's four bytes in one number. */
const PIXELS = Uint32Array.from({ length: 256 }, (_, i) => {
  const [red, green, blue] = viridis(i / 255).map(Math.round);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
});
const HALVINGS = 6; // of a cell, to find where a line crosses its side
const BOUNDED = { sigmoid: [0, 1], step: [0, 1], tanh: [-1, 1] };

/**
 * The points of an even grid, the first input slowest.
 * @param {[number, number][]} ranges - of each input
 * @param {number} n - points of an axis
 * @returns {Float64Array} n^inputs rows x inputs
 */
export function gridOver(ranges, n) {
  const [inputs, rows] = [ranges.length, n ** ranges.length];
  const grid = new Float64Array(rows * inputs);
  ranges.forEach(([low, high], i) => {
    const every = n ** (inputs - 1 - i);
    for (let row = 0; row < rows; row++) {
      const share = (Math.floor(row / every) % n) / (n - 1);
      grid[row * inputs + i] = low + (high - low) * share;
    }
  });
  return grid;
}

/** From where to where a picture's colours go: all that an activation can give, or what it gave. */
export function rangeOf(activation, values) {
  if (activation in BOUNDED) return BOUNDED[activation];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low < high ? [low, high] : [low - 0.5, low + 0.5];
}

/**
 * Paint n x n pixels, the first input to the right, the second upwards.
 * @param {CanvasRenderingContext2D} context - of a canvas of n x n pixels
 * @param {Float64Array} values - n x n, the first input slowest
 */
export function paintHeat(context, values, n, [low, high]) {
  const image = context.createImageData(n, n);
  const pixels = new Uint32Array(image.data.buffer);
  const scale = 255 / (high - low);
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) {
      const at = Math.round((values[a * n + b] - low) * scale);
      pixels[(n - 1 - b) * n + a] = PIXELS[at < 0 ? 0 : at > 255 ? 255 : at];
    }
  }
  context.putImageData(image, 0, 0);
}

/** A curve over one input, as wide and as high as the canvas; a thin line where it is 0. */
export function paintCurve(context, values, [low, high]) {
  const { width, height } = context.canvas;
  const toY = (value) => height - 4 - ((value - low) / (high - low)) * (height - 8);
  context.fillStyle = colour("ground");
  context.fillRect(0, 0, width, height);
  context.fillStyle = colour("line");
  if (low < 0 && high > 0) context.fillRect(0, toY(0), width, 1.5);
  context.beginPath();
  values.forEach((value, i) => context.lineTo((width * i) / (values.length - 1), toY(value)));
  [context.strokeStyle, context.lineWidth] = [colour("model"), 3];
  context.stroke();
}

/**
 * Where a function of two inputs is 0, as short lines from cell to cell of a grid.
 * @param {Float64Array} values - n x n, the first input slowest
 * @param {(shares: Float64Array) => Float64Array} valuesAt - for rows x 2 shares of the ranges
 * @returns {Float64Array} both ends of each line in shares: 4 numbers a line
 */
export function zeroLines(values, n, valuesAt) {
  const [above, below] = [[], []]; // both ends of a cell's side that a line crosses
  for (let a = 0; a + 1 < n; a++) {
    for (let b = 0; b + 1 < n; b++) crossings(values, n, a, b, above, below);
  }
  const [high, low] = [above, below].map((ends) => Float64Array.from(ends, (end) => end / (n - 1)));
  let middle = high;
  for (let step = 0; step < HALVINGS; step++) {
    middle = high.map((end, i) => (end + low[i]) / 2);
    valuesAt(middle).forEach((value, row) => {
      (value > 0 ? high : low).set(middle.subarray(2 * row, 2 * row + 2), 2 * row);
    });
  }
  return middle;
}

/** Add the ends of a cell's sides where the sign changes, in order round the cell: two by two. */
function crossings(values, n, a, b, above, below) {
  const at = a * n + b;
  const sign = values[at] > 0;
  const isSame = (other) => values[other] > 0 === sign;
  if (isSame(at + n) && isSame(at + n + 1) && isSame(at + 1)) return;
  const corners = [[a, b], [a + 1, b], [a + 1, b + 1], [a, b + 1]];
  const isAbove = corners.map(([c, d]) => values[c * n + d] > 0);
  corners.forEach((from, i) => {
    const next = (i + 1) % 4;
    if (isAbove[i] === isAbove[next]) return;
    above.push(...(isAbove[i] ? from : corners[next]));
    below.push(...(isAbove[i] ? corners[next] : from));
  });
}
