// A surface over two inputs in three dimensions, which the reader turns.

import { canvasOf, onDrag } from "./canvas.js";
import { short } from "./dom.js";
import { colour, onTheme, viridis } from "./theme.js";

const PAINTS = [];
const START = { turn: -0.55, tilt: 0.55 }; // radians
const [LOWEST, STEEPEST, KEY_STEP, PER_PIXEL] = [0.08, 1.5, 0.1, 0.01];
const TURNS = {
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
};
const CORNERS = [[0, 0], [1, 0], [1, 1], [0, 1]];
const HALF_HEIGHT = 0.36; // the box is 1 x 1 x 0.72

/**
 * @typedef {object} Solid
 * @property {Float64Array} values - n x n heights, the first input slowest
 * @property {number} n
 * @property {[number, number][]} ranges - of the two inputs and of the height
 * @property {string[]} names - of the two inputs and of the height
 * @property {{at: [number, number, number], colour: string}[]} [marks] - colours by name
 */

/**
 * A canvas that shows a surface; dragging and arrow keys turn it.
 * @param {string} label - what it shows, for those who do not see it
 * @returns {[HTMLCanvasElement, (solid: Solid) => void]} and what draws on it
 */
export function solidCanvas(width, height, label) {
  const [canvas, context] = canvasOf(width, height, { tabindex: 0, "aria-label": label });
  const view = { ...START };
  let [shown, from] = [null, null];
  const draw = (solid = shown) => {
    shown = solid;
    if (shown) drawSolid(context, width, height, shown, view);
  };
  const turn = (across, up) => {
    view.turn += across;
    view.tilt = Math.min(Math.max(view.tilt + up, LOWEST), STEEPEST);
    draw();
  };
  onDrag(canvas, width, height, ([x, y], event) => {
    if (event.type !== "pointerdown") turn((x - from[0]) * PER_PIXEL, (y - from[1]) * PER_PIXEL);
    from = [x, y];
  });
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in TURNS)) return;
    event.preventDefault();
    turn(...TURNS[event.key].map((way) => way * KEY_STEP));
  });
  onTheme(() => draw());
  return [canvas, draw];
}

/** Draw a surface as it is seen from view = {turn, tilt}. */
export function drawSolid(context, width, height, solid, view) {
  const project = projection(width, height, view);
  context.clearRect(0, 0, width, height);
  context.lineJoin = "round";
  drawBox(context, project, view);
  drawCells(context, project, solid, view);
  drawAxes(context, project, solid, view);
  drawMarks(context, project, solid);
}

/** From shares of the three ranges to a place on the canvas: no perspective. */
function projection(width, height, { turn, tilt }) {
  const [cos, sin, up, along] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  const size = Math.min((width - 70) / 1.42, (height - 46) / (1.42 * along + 2 * HALF_HEIGHT * up));
  const [middle, centre] = [width / 2, height / 2 - 4];
  return (a, b, c) => {
    const [u, v, w] = [a - 0.5, b - 0.5, (2 * c - 1) * HALF_HEIGHT];
    const depth = u * sin + v * cos;
    return [middle + size * (u * cos - v * sin), centre - size * (w * up + depth * along)];
  };
}

function trace(context, places, { close = false } = {}) {
  context.beginPath();
  places.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  if (close) context.closePath();
}

/** The floor, and the walls behind the surface. */
function drawBox(context, project, view) {
  const [a, b] = [farSide(Math.sin(view.turn)), farSide(Math.cos(view.turn))];
  context.strokeStyle = colour("line");
  context.lineWidth = 1;
  for (const c of [0, 0.5, 1]) {
    trace(context, [project(a, 1 - b, c), project(a, b, c), project(1 - a, b, c)]);
    context.stroke();
  }
  trace(context, CORNERS.map(([p, q]) => project(p, q, 0)), { close: true });
  context.stroke();
  for (const [p, q] of [[a, b], [a, 1 - b], [1 - a, b]]) {
    trace(context, [project(p, q, 0), project(p, q, 1)]);
    context.stroke();
  }
}

const farSide = (slope) => (slope > 0 ? 1 : 0);

/** From the farthest cell to the nearest, so that near ones cover far ones. */
function drawCells(context, project, { values, n, ranges }, view) {
  const [low, high] = ranges[2];
  const share = values.map((value) => (value - low) / (high - low));
  const [xs, ys] = [new Float64Array(n * n), new Float64Array(n * n)];
  for (let i = 0; i < n * n; i++) {
    const height = Math.min(Math.max(share[i], 0), 1);
    [xs[i], ys[i]] = project(Math.floor(i / n) / (n - 1), (i % n) / (n - 1), height);
  }
  const [backA, backB] = [Math.sin(view.turn) > 0, Math.cos(view.turn) > 0];
  for (let i = 0; i < n - 1; i++) {
    const row = (backA ? n - 2 - i : i) * n;
    for (let j = 0; j < n - 1; j++) {
      drawCell(context, xs, ys, share, n, row + (backB ? n - 2 - j : j));
    }
  }
}

function drawCell(context, xs, ys, share, n, at) {
  const corners = [at, at + n, at + n + 1, at + 1];
  const [c0, c1, c2, c3] = [share[at], share[at + n], share[at + n + 1], share[at + 1]];
  const along = ((c1 + c2 - c0 - c3) / 2) * (n - 1);
  const across = ((c2 + c3 - c0 - c1) / 2) * (n - 1);
  const light = 0.72 + (0.28 * (1 + 0.5 * along - 0.5 * across)) / Math.hypot(1, along, across);
  context.fillStyle = paintOf((c0 + c1 + c2 + c3) / 4, light);
  const [x, y] = [(xs[at] + xs[at + n + 1]) / 2, (ys[at] + ys[at + n + 1]) / 2];
  context.beginPath();
  for (const corner of corners) { // half a pixel outwards, or seams would show
    const [right, down] = [xs[corner] > x ? 0.5 : -0.5, ys[corner] > y ? 0.5 : -0.5];
    context.lineTo(xs[corner] + right, ys[corner] + down);
  }
  context.fill();
}

/** A colour of viridis in a light of 0 to 1.1, as text; few of them, each made once. */
function paintOf(share, light) {
  const [step, shade] = [Math.round(63 * Math.min(Math.max(share, 0), 1)), Math.round(24 * light)];
  const key = step * 32 + shade;
  PAINTS[key] ??= `rgb(${viridis(step / 63).map((part) => Math.round((part * shade) / 24))})`;
  return PAINTS[key];
}

/** Three ticks an axis: the inputs along the near sides of the floor, the height at the left. */
function drawAxes(context, project, { ranges, names }, view) {
  const [a, b] = [1 - farSide(Math.sin(view.turn)), 1 - farSide(Math.cos(view.turn))];
  const left = CORNERS.reduce((best, corner) => {
    return project(...corner, 0)[0] < project(...best, 0)[0] ? corner : best;
  });
  const sides = [(t) => [t, b, 0], (t) => [a, t, 0], (t) => [...left, t]];
  const middle = project(0.5, 0.5, 0);
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = context.strokeStyle = colour("ink");
  context.lineWidth = 1;
  sides.forEach((side, axis) => {
    trace(context, [project(...side(0)), project(...side(1))]);
    context.stroke();
    const [low, high] = ranges[axis];
    const away = axis < 2 && outwards(project(...side(0)), project(...side(1)), middle);
    for (const t of [0, 0.5, 1]) {
      const text = t === 0.5 ? names[axis] : short(low + t * (high - low), 3);
      context.font = t === 0.5 ? "600 13px system-ui, sans-serif" : "12px system-ui, sans-serif";
      writeBeside(context, project(...side(axis < 2 ? 0.06 + 0.88 * t : t)), away, text);
    }
  });
}

/** The direction across a side of the floor, away from its middle: a unit vector. */
function outwards([x1, y1], [x2, y2], [x, y]) {
  const length = Math.hypot(x2 - x1, y2 - y1) || 1;
  const across = [(y1 - y2) / length, (x2 - x1) / length];
  const way = across[0] * (x1 - x) + across[1] * (y1 - y) < 0 ? -1 : 1;
  return across.map((part) => way * part);
}

function writeBeside(context, [x, y], away, text) {
  context.textBaseline = "middle";
  context.textAlign = away ? "center" : "right";
  const [right, down] = away ? away.map((part) => 14 * part) : [-6, 0];
  const [room, wide] = [context.measureText(text).width, context.canvas.width];
  const least = away ? room / 2 : room; // or it would be cut off at a side
  const most = wide / context.getTransform().a - (away ? room / 2 : 0);
  context.fillText(text, Math.min(Math.max(x + right, least), most), y + down);
}

function drawMarks(context, project, { marks = [], ranges }) {
  for (const { at, colour: name } of marks) {
    const place = at.map((value, i) => (value - ranges[i][0]) / (ranges[i][1] - ranges[i][0]));
    const [x, y] = project(...place);
    context.beginPath();
    context.arc(x, y, 5, 0, 2 * Math.PI);
    context.fillStyle = colour(name);
    context.strokeStyle = colour("ground");
    context.lineWidth = 2;
    context.fill();
    context.stroke();
  }
}
