// A slider over powers of ten with named places on it, and a field for the number itself.

import { fluidCanvas, onDrag } from "./canvas.js";
import { make } from "./dom.js";
import { logTicksOf, powerText, scaleOf } from "./plot/axes.js";
import { colour } from "./theme.js";

const [HEIGHT, LINE, SIDE, TEXT] = [80, 50, 12, 16]; // pixels
const STEPS = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10,
};
const STEP = 1.01;

export class LogSlider {
  /** @param {{name: string, set: (value: number) => void}} options */
  constructor({ name, set }) {
    Object.assign(this, { name, set, range: [0.1, 1], value: 0.1, marks: [] });
    const attributes = { role: "slider", tabindex: 0, "aria-label": `${name}, slider` };
    this.picture = fluidCanvas(() => HEIGHT, attributes, (...given) => this.draw(...given));
    const oninput = () => this.read();
    const onblur = () => this.write(); // what was typed may have been refused
    this.field = make("input", { type: "number", step: "any", min: 0, oninput, onblur });
    this.refused = make("p", { class: "wrong", role: "status" });
    const label = make("label", {}, name, this.field);
    this.element = make("div", { class: "log" }, this.picture.box, label, this.refused);
    this.follow();
  }

  /**
   * @param {number} value
   * @param {[number, number]} range
   * @param {{at: number, name: string}[]} marks - two at most
   * @param {number} limit - from where on the line is of another colour
   */
  show(value, range, marks, limit) {
    Object.assign(this, { value, range, marks, limit });
    const text = this.text();
    if (document.activeElement !== this.field) this.write();
    const [low, high] = range;
    const attributes = {
      "aria-valuemin": low, "aria-valuemax": high, "aria-valuenow": value,
      "aria-valuetext": `${text}, ${value < limit ? "below" : "not below"} the limit`,
    };
    for (const [key, text] of Object.entries(attributes)) {
      this.picture.canvas.setAttribute(key, text);
    }
    this.picture.redraw();
  }

  text() {
    return String(Number(this.value.toPrecision(8)));
  }

  write() {
    this.field.value = this.text();
  }

  read() {
    const { value, valueAsNumber } = this.field;
    const given = value ? `, not ${value}` : "";
    this.refused.textContent = valueAsNumber > 0
      ? "" : `The ${this.name} takes a number above 0${given}. It stays ${this.text()}.`;
    if (valueAsNumber > 0) this.set(valueAsNumber);
  }

  follow() {
    const { canvas } = this.picture;
    onDrag(canvas, 1, 1, ([share]) => this.put(this.scale.invert(share * this.width)));
    canvas.addEventListener("keydown", (event) => {
      if (!(event.key in STEPS)) return;
      event.preventDefault();
      this.put(this.value * STEP ** (STEPS[event.key] * (event.shiftKey ? 0.1 : 1)));
    });
  }

  put(value) {
    const [low, high] = this.range;
    this.set(Number(Math.min(Math.max(value, low), high).toPrecision(5)));
  }

  draw(context, width) {
    this.width = width;
    this.scale = scaleOf(this.range, SIDE, width - SIDE, true);
    const [low, high] = this.range;
    const limit = Math.min(Math.max(this.limit ?? high, low), high);
    for (const [from, to, name] of [[low, limit, "model"], [limit, high, "error"]]) {
      context.fillStyle = colour(name);
      context.fillRect(this.scale(from), LINE - 2, this.scale(to) - this.scale(from), 4);
    }
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillStyle = colour("soft");
    for (const tick of logTicksOf(this.range, 6)) {
      context.fillRect(this.scale(tick), LINE + 2, 1, 6);
      context.fillText(powerText(tick), this.scale(tick), LINE + 22);
    }
    this.marks.forEach((mark, row) => this.drawMark(context, mark, row));
    context.beginPath();
    context.arc(this.scale(Math.min(Math.max(this.value, low), high)), LINE, 8, 0, 2 * Math.PI);
    [context.fillStyle, context.strokeStyle] = [colour("ink"), colour("raised")];
    context.lineWidth = 2;
    context.fill();
    context.stroke();
  }

  /** One name above the other, as the places can be close together. */
  drawMark(context, { at, name }, row) {
    const [x, top] = [this.scale(at), LINE - 6 - TEXT * (row + 1)];
    const left = x > this.width / 2;
    context.fillStyle = colour("ink");
    context.fillRect(x - 0.5, top, 1, LINE + 2 - top);
    context.textAlign = left ? "right" : "left";
    context.fillText(name, x + (left ? -4 : 4), top + 11);
  }
}
