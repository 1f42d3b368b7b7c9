// Canvases that stay sharp on any screen.

import { make } from "./dom.js";
import { onTheme } from "./theme.js";

/**
 * A canvas of a size in CSS pixels, and its context in the same pixels.
 * @param {object} attributes - as of make; give "aria-label", or role and tabindex where it is used
 * @returns {[HTMLCanvasElement, CanvasRenderingContext2D]}
 */
export function canvasOf(width, height, attributes = {}) {
  const canvas = make("canvas", { role: "img", ...attributes });
  return [canvas, resize(canvas, width, height)];
}

/** Give a canvas a size in CSS pixels, which also clears it; returns its context. */
function resize(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.aspectRatio = `${width} / ${height}`;
  const context = canvas.getContext("2d");
  context.scale(scale, scale);
  return context;
}

/**
 * A canvas as wide as the box it stands in, drawn anew when that changes, or the colours.
 * @param {(width: number) => number} heightOf - its height in CSS pixels
 * @param {(context: CanvasRenderingContext2D, width: number, height: number) => void} draw
 * @returns {{box: HTMLElement, canvas: HTMLCanvasElement, redraw: () => void}}
 */
export function fluidCanvas(heightOf, attributes, draw) {
  const canvas = make("canvas", { role: "img", ...attributes });
  const box = make("div", { class: "fluid" }, canvas);
  let [width, height, context] = [0, 0, null];
  const redraw = () => {
    if (!width) return;
    const isAsHigh = height === heightOf(width); // a new size costs more than all that is drawn
    if (isAsHigh) context.clearRect(0, 0, width, height);
    else context = resize(canvas, width, (height = heightOf(width)));
    context.save();
    draw(context, width, height);
    context.restore();
  };
  new ResizeObserver(() => {
    [width, height] = [Math.floor(box.clientWidth), 0];
    redraw();
  }).observe(box);
  onTheme(redraw);
  return { box, canvas, redraw };
}

/** Where a pointer is on an element of a size, whatever size it is shown in. */
export function placeOf(event, element, width, height) {
  const box = element.getBoundingClientRect();
  return [
    ((event.clientX - box.left) / box.width) * width,
    ((event.clientY - box.top) / box.height) * height,
  ];
}

/** Calls back with [x, y] while the reader drags on an element, from the press on. */
export function onDrag(element, width, height, moved) {
  const follow = (event) => moved(placeOf(event, element, width, height), event);
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    follow(event);
  });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) follow(event);
  });
}
