// A picture over two numbers with axes, and a point in it that the reader moves.

import { fluidCanvas, onDrag } from "../canvas.js";
import { make, short } from "../dom.js";
import { paintHeat } from "../heat.js";
import { colour } from "../theme.js";
import { drawAxes, frameOf } from "./axes.js";

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const WIDEST = 360;

export class Plane {
  /**
   * @param {{ranges: [number, number][], names: string[], what: string,
   *   onPick: (point: number[], event: Event) => void,
   *   paint: (context: CanvasRenderingContext2D, frame: object) => void,
   *   over?: (context: CanvasRenderingContext2D, frame: object) => void}} options - what: what the
   *   reader moves; paint: draws inside the frame, under the point; over: across it
   */
  constructor(options) {
    Object.assign(this, options, { point: options.ranges.map(([low]) => low), stretch: 1 });
    const attributes = { role: "application", tabindex: 0 };
    const heightOf = (width) => Math.min(width, WIDEST) * this.stretch;
    this.picture = fluidCanvas(heightOf, attributes, (...given) => this.draw(...given));
    this.picture.box.classList.add("plane");
    this.element = this.picture.box;
    this.follow();
  }

  /** The point, and what is to be seen in words. */
  show(point, words) {
    this.point = point;
    const at = this.names.map((name, i) => `${name} = ${short(point[i], 5)}`);
    const label = `${this.what} ${at.join(", ")}; arrow keys move it. ${words}`;
    this.picture.canvas.setAttribute("aria-label", label);
    this.picture.redraw();
  }

  follow() {
    const { canvas } = this.picture;
    onDrag(canvas, 1, 1, ([x, y], event) => {
      const { width, height } = canvas.getBoundingClientRect();
      this.pick([this.frame.x.invert(x * width), this.frame.y.invert(y * height)], event);
    });
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS)) return;
      event.preventDefault();
      const step = event.shiftKey ? 0.05 : 0.01;
      const widths = this.ranges.map(([low, high]) => high - low);
      this.pick(KEYS[event.key].map((way, i) => this.point[i] + way * step * widths[i]), event);
    });
  }

  pick(place, event) {
    const inside = place.map((value, i) => {
      const [low, high] = this.ranges[i];
      return Math.min(Math.max(Number(value.toPrecision(6)), low), high);
    });
    this.onPick(inside, event);
  }

  draw(context, width, height) {
    const [x, y] = this.ranges;
    this.frame = frameOf({ width, height, x, y });
    const { left, top, right, bottom } = this.frame;
    const [xLabel, yLabel] = this.names;
    drawAxes(context, this.frame, { xLabel, yLabel, grid: false });
    context.save();
    context.beginPath();
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    this.paint(context, this.frame);
    context.restore();
    context.strokeStyle = colour("soft");
    context.lineWidth = 1;
    context.strokeRect(left, top, right - left, bottom - top);
    this.over?.(context, this.frame);
    for (const [paint, size] of [["#000", 4], ["#fff", 2]]) {
      [context.strokeStyle, context.lineWidth] = [paint, size];
      context.beginPath();
      context.arc(this.frame.x(this.point[0]), this.frame.y(this.point[1]), 7, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}

/** n x n values, the first input slowest, as an image for drawHeat. */
export function imageOf(values, n, range) {
  const image = make("canvas", { width: n, height: n });
  paintHeat(image.getContext("2d"), values, n, range);
  return image;
}

/** The outermost points lie on the frame: half a pixel is cut away. */
export function drawHeat(context, { left, top, right, bottom }, image) {
  const n = image.width - 1;
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0.5, 0.5, n, n, left, top, right - left, bottom - top);
}

/** A square round a place. */
export function drawSquare(context, frame, [x, y], name) {
  context.strokeStyle = colour(name);
  context.lineWidth = 2;
  context.strokeRect(frame.x(x) - 8, frame.y(y) - 8, 16, 16);
}
