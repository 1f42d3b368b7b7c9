// A chart: curves over one axis, their values under a pointer that the mouse and the arrows move.

import { fluidCanvas, onDrag, placeOf } from "./canvas.js";
import { make, short } from "./dom.js";
import { drawAxes, frameOf, textIn } from "./plot/axes.js";
import { dot, drawCurve, heightsOf, keyEntry, upright, valueAt } from "./plot/curves.js";
import { colour } from "./theme.js";

const HINT = "Click, then zoom with the wheel or + and −, move with Shift and drag.";
const CLOSEST = 1e-6; // of the whole range: how far one can zoom in
const STEPS = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10,
};

/**
 * @typedef {object} Curve
 * @property {string} name - for the key
 * @property {string} colour - a name of style.css, as "model"
 * @property {ArrayLike<number>} x - rising
 * @property {ArrayLike<number>} y - NaN for a gap
 * @property {"line" | "dash" | "dots"} [style]
 * @property {(x: number) => number} [at] - its value under the pointer; else that of the nearest x
 *
 * @typedef {object} Shown
 * @property {Curve[]} curves
 * @property {[number, number]} [x] - the whole range; else that of the curves
 * @property {[number, number]} [y] - else what the curves have in view
 * @property {number} [at] - where the pointer is
 * @property {{x: number, name: string, colour: string}[]} [marks] - upright lines
 * @property {{x: ArrayLike<number>, colour: string}} [ticks] - short lines at the foot
 * @property {string} [facts] - what is to be seen, for those who cannot
 */

/** const it = new Chart({ label: "Loss", xLabel: "step", logY: true }); it.show({ curves }). */
export class Chart {
  /**
   * @param {{label: string, xLabel?: string, yLabel?: string, height?: number, logY?: boolean,
   *   zoom?: boolean | "keys", onPick?: (x: number) => void,
   *   onView?: (view: number[]) => void}} options - zoom: by buttons, wheel and keys, or without
   *   buttons; onPick: called where the pointer is put; onView: called with the range in view when
   *   that changes
   */
  constructor({ height = 240, ...options }) {
    this.options = options;
    this.shown = { curves: [] };
    this.view = null; // all
    this.at = null;
    this.key = make("div", { class: "row key" });
    const attributes = { role: "slider", tabindex: 0, "aria-label": options.label };
    this.picture = fluidCanvas(() => height, attributes, (...given) => this.draw(...given));
    this.canvas = this.picture.canvas;
    this.canvas.classList.add("chart");
    const buttons = options.zoom === true && this.buttons();
    const parts = [this.key, this.picture.box, buttons].filter(Boolean);
    this.element = make("div", {}, parts);
    this.follow();
  }

  /** @param {Shown} shown */
  show(shown) {
    this.shown = shown;
    if (shown.at !== undefined) this.at = shown.at;
    this.picture.redraw();
  }

  /** Other options: set({ logY: true }). */
  set(options) {
    Object.assign(this.options, options);
    this.picture.redraw();
  }

  /** Put a range in view, null for all. */
  setView(view) {
    this.view = view;
    this.picture.redraw();
  }

  range() {
    if (this.shown.x) return this.shown.x;
    const some = this.shown.curves.filter(({ x }) => x.length);
    if (!some.length) return [0, 1];
    const low = Math.min(...some.map(({ x }) => x[0]));
    const high = Math.max(...some.map(({ x }) => x[x.length - 1]));
    return high > low ? [low, high] : [low, low + 1];
  }

  draw(context, width, height) {
    const { logY = false, ...names } = this.options;
    const x = this.view ?? this.range();
    const y = this.shown.y ?? heightsOf(this.shown.curves, x, logY);
    this.width = width;
    this.frame = frameOf({ width, height, x, y, logY });
    drawAxes(context, this.frame, names);
    context.save();
    const { left, top, right, bottom } = this.frame;
    context.rect(left, top, right - left, bottom - top);
    context.clip();
    for (const curve of this.shown.curves) drawCurve(context, this.frame, curve);
    this.drawMarks(context);
    context.restore();
    this.tell();
  }

  drawMarks(context) {
    const { marks = [], ticks } = this.shown;
    for (const x of ticks?.x ?? []) upright(context, this.frame, x, ticks.colour, 10);
    for (const mark of marks) {
      upright(context, this.frame, mark.x, mark.colour);
      const right = this.frame.x(mark.x) > (this.frame.left + this.frame.right) / 2;
      context.textAlign = right ? "right" : "left";
      const place = [mark.name, this.frame.x(mark.x) + (right ? -5 : 5), this.frame.top + 14];
      [context.fillStyle, context.strokeStyle] = [colour(mark.colour), colour("raised")];
      context.lineWidth = 4;
      context.strokeText(...place);
      context.fillText(...place);
    }
    if (this.at === null) return;
    upright(context, this.frame, this.at, "ink");
    for (const curve of this.shown.curves.filter(({ style }) => style !== "dots")) {
      dot(context, this.frame, this.at, valueAt(curve, this.at), curve.colour);
    }
  }

  /** The key, with the values at the pointer, and the same to those who listen. */
  tell() {
    const { xLabel = "x", label } = this.options;
    const { x, y } = this.frame;
    const where = this.at === null ? "" : `${xLabel} ${textIn(x.range, this.at)}`;
    const entries = this.shown.curves.map((curve) => {
      const value = this.at === null || curve.style === "dots" ? NaN : valueAt(curve, this.at);
      return [curve, y.log && Number.isFinite(value) ? short(value, 5) : textIn(y.range, value)];
    });
    this.key.replaceChildren(...entries.map(keyEntry), make("span", { class: "soft" }, where));
    const [low, high] = this.range();
    const facts = [label, this.shown.facts].filter(Boolean).join(". ");
    const said = entries.filter(([, text]) => text).map(([{ name }, text]) => `${name} ${text}`);
    const attributes = {
      "aria-label": facts, "aria-valuemin": low, "aria-valuemax": high,
      "aria-valuenow": this.at ?? low, "aria-valuetext": [where, ...said].join(", ") || "no value",
    };
    for (const [name, value] of Object.entries(attributes)) this.canvas.setAttribute(name, value);
  }

  follow() {
    const { canvas } = this;
    const pick = ([share]) => this.pick(this.frame.x.invert(share * this.width));
    onDrag(canvas, 1, 1, (place, event) => {
      if (!event.shiftKey) pick(place);
      else if (event.type === "pointermove") this.pan((-event.movementX / this.width) * 1.1);
    });
    if (!this.options.onPick) {
      canvas.addEventListener("pointermove", (event) => pick(placeOf(event, canvas, 1, 1)));
    }
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.press(event));
  }

  /** Only in focus, or with the control key: else the wheel scrolls the page. */
  wheel(event) {
    const asked = document.activeElement === this.canvas || event.ctrlKey;
    if (!this.options.zoom || !asked) return;
    event.preventDefault();
    const [share] = placeOf(event, this.canvas, 1, 1);
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) this.pan(event.deltaX / this.width);
    else this.zoom(Math.exp(event.deltaY / 300), this.frame.x.invert(share * this.width));
  }

  press(event) {
    const step = STEPS[event.key] ?? 0;
    const [low, high] = this.range();
    if (this.options.zoom && event.shiftKey && step) this.pan(step / 10);
    else if (step) this.pick((this.at ?? low) + (step * this.span()) / 100);
    else if (event.key === "Home") this.pick(low);
    else if (event.key === "End") this.pick(high);
    else if (this.options.zoom && "+=".includes(event.key)) this.zoom(0.5);
    else if (this.options.zoom && event.key === "-") this.zoom(2);
    else if (this.options.zoom && event.key === "0") this.look(null);
    else return;
    event.preventDefault();
  }

  pick(x) {
    const [low, high] = this.range();
    this.at = Math.min(Math.max(x, low), high);
    if (this.options.onPick) this.options.onPick(this.at);
    else this.picture.redraw();
  }

  full() {
    const [low, high] = this.range();
    return high - low;
  }

  span() {
    const [low, high] = this.view ?? this.range();
    return high - low;
  }

  /** Zoom about a place, that of the pointer or the middle; below 1 is closer. */
  zoom(factor, about = this.at) {
    const [low, high] = this.view ?? this.range();
    const seen = about !== null && about >= low && about <= high;
    const place = seen ? about : (low + high) / 2;
    const span = Math.max(this.span() * factor, this.full() * CLOSEST);
    this.lookFrom(place - ((place - low) / (high - low)) * span, span);
  }

  /** Move what is in view by a share of it. */
  pan(share) {
    this.lookFrom((this.view ?? this.range())[0] + share * this.span(), this.span());
  }

  lookFrom(start, span) {
    const [low, high] = this.range();
    if (span >= high - low) return this.look(null);
    const from = Math.min(Math.max(start, low), high - span);
    return this.look([from, from + span]);
  }

  look(view) {
    this.setView(view);
    this.options.onView?.(view ?? this.range());
  }

  buttons() {
    const button = (text, label, onclick) => {
      return make("button", { type: "button", onclick, "aria-label": label }, text);
    };
    return make(
      "div", { class: "row" },
      button("+", "Zoom in", () => this.zoom(0.5)),
      button("−", "Zoom out", () => this.zoom(2)),
      button("◀", "Move left", () => this.pan(-0.25)),
      button("▶", "Move right", () => this.pan(0.25)),
      button("All", "Show all", () => this.look(null)),
      make("span", { class: "soft" }, HINT),
    );
  }
}
