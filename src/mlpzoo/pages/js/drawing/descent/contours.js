// The bowl of a line's cost from above: its level lines are ellipses.

import { viridis } from "../theme.js";

const POINTS = 120; // of an ellipse
const LEVELS = 14;

/**
 * Heights above the floor, each a third of the one before.
 * @param {import("../../analysis/line.js").Bowl} bowl
 */
export function drawContours(context, frame, bowl, highest) {
  for (let level = 0; level < LEVELS; level++) {
    trace(context, frame, ellipseOf(bowl, highest / 3 ** level));
    context.fillStyle = `rgb(${viridis(1 - (level + 1) / LEVELS)})`;
    context.fill();
    context.strokeStyle = "rgb(255 255 255 / 0.35)";
    context.lineWidth = 1;
    context.stroke();
  }
}

/** Where the cost is so much above its floor. */
function ellipseOf({ minimum, eigenvalues, axes }, height) {
  return Array.from({ length: POINTS + 1 }, (_, i) => {
    const turn = (2 * Math.PI * i) / POINTS;
    const along = [Math.cos(turn), Math.sin(turn)];
    const parts = along.map((part, k) => part * Math.sqrt((2 * height) / eigenvalues[k]));
    return minimum.map((value, i) => value + parts[0] * axes[0][i] + parts[1] * axes[1][i]);
  });
}

/** The steps as a line with dots, as long as they can be told apart. */
export function drawPath(context, frame, path) {
  const shown = path.slice(0, 2000);
  trace(context, frame, shown);
  context.strokeStyle = "rgb(255 255 255 / 0.6)";
  context.lineWidth = 1;
  context.stroke();
  context.fillStyle = "#fff";
  for (const [a, b] of shown.slice(0, 300)) {
    context.fillRect(frame.x(a) - 1.5, frame.y(b) - 1.5, 3, 3);
  }
}

export function drawCross(context, frame, [a, b], paint) {
  const [x, y] = [frame.x(a), frame.y(b)];
  context.beginPath();
  context.moveTo(x - 7, y);
  context.lineTo(x + 7, y);
  context.moveTo(x, y - 7);
  context.lineTo(x, y + 7);
  context.strokeStyle = paint;
  context.lineWidth = 2;
  context.stroke();
}

function trace(context, frame, places) {
  context.beginPath();
  for (const [a, b] of places) context.lineTo(frame.x(a), frame.y(b));
}
