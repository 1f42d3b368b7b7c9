// The film of a run: its snapshots under a slider, and what each cost.

import { Backprop } from "../core/backprop.js";
import { countOf, parametersOf, setParameters } from "../core/network.js";
import { unpack } from "../core/packed.js";
import { settingsOf } from "../core/settings.js";
import { networkOf, rowsOf } from "../core/task.js";
import { Chart } from "../drawing/chart.js";
import { make, panel } from "../drawing/dom.js";

const PAUSE = 60; // milliseconds from one snapshot to the next
const OTHERS = "other weights than the film's";

/** What a run of mlpzoo recorded. */
export function film(model) {
  const { net, data: { film: { steps, weights } } } = model; // net: the page's, come what may
  const state = { at: steps.length - 1, frames: null, costs: [] };
  const show = (index) => {
    state.at = index;
    setParameters(net, state.frames[index]);
    model.changed(net);
  };
  const bar = scrubber("Snapshots of the run", show);
  const chart = new Chart({
    label: "Loss of the snapshots", xLabel: "step", yLabel: "loss", logY: true, height: 180,
    onPick: (step) => state.frames && show(nearest(steps, step)),
  });
  const draw = () => {
    const isHere = model.net === net;
    if (!isHere) bar.stop(); // another part shows another
    const found = isHere ? model.once("film", () => placeOf(net, state)) : -1;
    state.at = found < 0 ? state.at : found;
    bar.show(steps, found);
    const curves = [{ name: "loss", colour: "model", x: steps, y: state.costs }];
    chart.show({ curves, at: steps[found] ?? null });
  };
  recorded(model.data, net, weights).then((found) => {
    Object.assign(state, found);
    bar.show(steps, state.at);
    model.listen(draw);
  });
  const element = panel("Film of the run", chart.element, bar.element);
  element.classList.add("wide");
  return element;
}

/** Which snapshot has the weights shown, the last one chosen first; -1 for none. */
function placeOf(net, { frames, at }) {
  const weights = parametersOf(net);
  const isShown = (frame) => frame.every((value, i) => value === weights[i]);
  return isShown(frames[at]) ? at : frames.findIndex(isShown);
}

async function recorded(data, net, weights) {
  const [all, rows] = [await unpack(weights), await rowsOf(data)];
  const size = countOf(net);
  const frames = Array.from({ length: all.length / size }, (_, i) =>
    all.subarray(i * size, (i + 1) * size),
  );
  return { frames, costs: rows ? costsOf(data, net, rows, frames) : [] };
}

function costsOf(data, net, rows, frames) {
  const settings = settingsOf(data, net);
  const copy = networkOf(net, { hidden: null, activation: "" }, false);
  const chain = new Backprop(copy, rows.x, rows.y, settings);
  return frames.map((frame) => {
    copy.parameters.set(frame);
    return chain.cost();
  });
}

/** The place of the value that is nearest, of rising ones. */
export function nearest(values, wanted) {
  const distances = values.map((value) => Math.abs(value - wanted));
  return distances.indexOf(Math.min(...distances));
}

/**
 * A slider over snapshots, with a button that plays them.
 * @param {string} label
 * @param {(index: number, step: number) => void} choose
 * @returns {{element: Element, stop: () => void,
 *   show: (steps: number[], at: number, step?: number) => void}} show: where among the steps the
 *   weights are, or the step that has come behind it; -1 where they are others
 */
export function scrubber(label, choose) {
  let [timer, steps] = [0, []];
  const pick = (index) => choose(index, steps[index]);
  const slider = make("input", {
    type: "range", min: 0, value: 0, "aria-label": label,
    oninput: () => [stop(), pick(slider.valueAsNumber)],
    onclick: () => said.textContent === OTHERS && pick(slider.valueAsNumber), // back to this one
  });
  const said = make("span", { class: "soft" });
  const button = make("button", { onclick: () => (timer ? stop() : start()) }, "Play film");
  const stop = () => {
    timer = clearInterval(timer) ?? 0;
    button.textContent = "Play film";
  };
  const start = () => {
    let at = slider.valueAsNumber < steps.length - 1 ? slider.valueAsNumber : -1;
    button.textContent = "Pause film";
    timer = setInterval(() => (at + 1 < steps.length ? pick(++at) : stop()), PAUSE);
  };
  const show = (all, at, step = all[at]) => {
    steps = all;
    slider.max = Math.max(all.length - 1, 0);
    button.disabled = slider.disabled = all.length < 2;
    if (at >= 0) slider.value = at;
    const text = all.length ? OTHERS : "no film yet";
    slider.setAttribute("aria-valuetext", at < 0 ? text : `step ${step}`);
    said.textContent = at < 0 ? text : `step ${step} of ${Math.max(step, all.at(-1))}`;
  };
  return { element: make("div", { class: "row" }, button, slider, said), show, stop };
}
