// Numbers that the reader sets: by a slider, in a field, by dragging up and down, by arrow keys.

import { make } from "./dom.js";

const DIGITS = 6; // of a field; what is dragged has no more, so that a field shows all of it
const LEAST_END = 10; // of a range of weights: from -10 to 10
const STILL = 3; // pixels that a press may move
const STEPS = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 };

/** As a field shows it. */
export const rounded = (value) => Number(value.toPrecision(DIGITS));

/** The range of a slider for weights of a size. */
export function roomFor(size) {
  const end = Math.max(LEAST_END, Math.ceil(size / 10) * 20);
  return [-end, end];
}

/** What a slider made by dragNumber says of itself. */
export function tellSlider(element, label, value, [low, high]) {
  const said = { label, valuemin: low, valuemax: high, valuenow: value, valuetext: value };
  for (const [name, what] of Object.entries(said)) {
    element.setAttribute(`aria-${name}`, typeof what === "number" ? rounded(what) : what);
  }
}

/** 1, 2 or 5 times a power of ten, a fiftieth of a size or little less: a step of a pixel. */
function stepOf(size) {
  const goal = Math.max(Math.abs(size), 1) / 50;
  const power = 10 ** Math.floor(Math.log10(goal));
  return rounded(power * [5, 2, 1].find((times) => times * power <= goal * (1 + 1e-9)));
}

/**
 * A slider and a field for one number.
 * @param {string} text - beside it
 * @param {string} name - what it is called where the text is not seen
 * @param {(value: number) => void} set - called with each number that the reader gives
 * @returns {{element: Element, show: (value: number) => void}}
 */
export function numberControl(text, name, [low, high], set) {
  let [shown, isTyping] = [0, false];
  const given = ({ target: { valueAsNumber: value } }) => {
    isTyping = false;
    if (Number.isFinite(value)) set(value);
    else write();
  };
  const slider = make("input", {
    type: "range", min: low, max: high, step: stepOf(high - low) / 10, oninput: given,
    "aria-label": `${name}, slider`,
  });
  const write = () => {
    isTyping = false;
    field.value = String(rounded(shown));
  };
  const field = make("input", {
    type: "number", step: "any", "aria-label": name, onchange: given, onblur: write,
    oninput: () => (isTyping = true),
  });
  const show = (value) => {
    shown = value;
    slider.value = value;
    if (!isTyping) write(); // or it would go while one types
  };
  return { element: make("div", { class: "number" }, make("span", {}, text), slider, field), show };
}

/**
 * Make an element a slider: dragging it up, or an arrow key, gives a larger number.
 * @param {Element} element
 * @param {() => number} get
 * @param {(value: number) => void} set
 * @param {{size: () => number, choose: () => void, shown: (on: boolean) => void}} how - a size that
 *   a step suits; what a press or Enter does; whether the value is of interest now
 */
export function dragNumber(element, get, set, { size, choose, shown }) {
  let from = null;
  const end = () => {
    from = null;
    shown(false);
  };
  element.addEventListener("pointerdown", (event) => {
    from = { y: event.clientY, value: get(), step: stepOf(size()), moved: false };
    element.setPointerCapture(event.pointerId);
    choose();
    shown(true);
  });
  element.addEventListener("pointermove", (event) => {
    if (!from) return;
    const up = from.y - event.clientY;
    from.moved ||= Math.abs(up) >= STILL;
    if (from.moved) set(rounded(from.value + up * from.step));
  });
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("pointerenter", () => shown(true));
  element.addEventListener("pointerleave", () => shown(from !== null));
  element.addEventListener("focus", () => shown(true));
  element.addEventListener("blur", () => shown(false));
  onKeys(element, (way) => set(rounded(get() + way * stepOf(size()))), choose);
}

function onKeys(element, move, choose) {
  element.addEventListener("keydown", (event) => {
    const way = STEPS[event.key] * (event.shiftKey ? 10 : 1);
    if (way) move(way);
    else if (event.key === "Enter" || event.key === " ") choose();
    else return;
    event.preventDefault();
  });
}
