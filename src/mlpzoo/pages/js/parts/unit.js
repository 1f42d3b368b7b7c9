// The chosen unit: its formula, its sum at the point, its weights to set, and all formulas.

import { applied, formulaOf, sourceNames, sumWritten, unitNames } from "../core/formula.js";
import { areAlike, countOf, forward, outScaleOf, unitValues } from "../core/network.js";
import { numberControl, roomFor } from "../drawing/controls.js";
import { make, panel, short } from "../drawing/dom.js";

const [MOST_CONTROLS, MOST_OPEN, MOST_WRITTEN] = [16, 40, 2000]; // inputs; parameters; parameters

export function unit(model) {
  const view = {
    choice: make("select", { "aria-label": "Unit", onchange: (event) => choose(model, event) }),
    formula: make("p", { class: "formula" }),
    sum: make("p", { class: "formula" }),
    scale: make("p", { class: "soft" }),
    controls: make("div"),
    list: make("div"),
  };
  const isOpen = countOf(model.net) <= MOST_OPEN;
  view.all = make("details", { open: isOpen, ontoggle: () => drawUnit(model, view) },
    make("summary", {}, "All formulas"), view.list);
  model.listen(() => drawUnit(model, view));
  return panel(
    "Unit", make("div", { class: "row" }, view.choice, ...resetButtons(model)), view.formula,
    view.sum, view.controls, view.scale, view.all,
  );
}

function choose(model, event) {
  const [layer, chosen] = event.target.value.split(" ").map(Number);
  model.pointed({ chosen: { layer, unit: chosen, input: null } });
}

/** Back to the weights that the page came with: of one unit, or of all, whatever has become. */
function resetButtons(model) {
  const page = model.net;
  const kept = page.layers.map(({ weight, bias }) => [weight.slice(), bias.slice()]);
  const one = () => {
    const { layer, unit: place } = model.chosen;
    const { weight, bias, inputs } = model.net.layers[layer];
    const [weights, biases] = kept[layer];
    weight.set(weights.subarray(place * inputs, (place + 1) * inputs), place * inputs);
    bias[place] = biases[place];
    model.changed();
  };
  const all = () => {
    page.layers.forEach((layer, i) => [layer.weight, layer.bias].forEach((part, k) => {
      part.set(kept[i][k]);
    }));
    model.changed(page);
  };
  const resetOne = make("button", { onclick: one, type: "button" }, "Reset unit");
  model.listen(() => {
    resetOne.disabled = !areAlike(page, model.net); // other layers have no unit to go back to
  });
  return [resetOne, make("button", { onclick: all, type: "button" }, "Reset all weights")];
}

function drawUnit(model, view) {
  const { net, chosen, data } = model;
  const { layer, unit: place } = chosen;
  if (view.net !== net) buildChoice(net, view.choice);
  if (view.net !== net || view.key !== `${layer} ${place}`) buildControls(model, view);
  [view.net, view.key] = [net, `${layer} ${place}`];
  view.choice.value = view.key;
  const passed = forward(net, model.point);
  const { source } = net.layers[layer];
  const from = source === null ? model.point : passed.values[source];
  const value = short(unitValues(net, passed, layer, place)[0]);
  const written = applied(net, layer, sumWritten(net, layer, place, from));
  const isSum = net.layers[layer].activation === "identity";
  const added = applied(net, layer, short(passed.sums[layer][place]));
  const sum = [unitNames(net)[layer][place], written, ...(isSum ? [] : [added]), value].join(" = ");
  view.formula.textContent = formulaOf(net, data.inputs, layer, place, MOST_CONTROLS);
  if (view.sum.textContent !== sum) view.sum.textContent = sum;
  for (const show of view.shows) show();
  if (view.all.open) drawFormulas(model, view.list);
}

function buildChoice(net, choice) {
  const options = unitNames(net).map((names, layer) => names.map((name, place) => {
    return make("option", { value: `${layer} ${place}` }, name);
  }));
  choice.replaceChildren(...options.flat());
}

function buildControls(model, view) {
  const { net, data } = model;
  const { layer, unit: place } = model.chosen;
  const { weight, bias, inputs } = net.layers[layer];
  const [names, name] = [sourceNames(net, data.inputs, layer), unitNames(net)[layer][place]];
  const range = roomFor(Math.max(...weight.map(Math.abs), ...bias.map(Math.abs)));
  const control = (text, spoken, numbers, at, input) => {
    const { element, show } = numberControl(text, spoken, range, (value) => {
      numbers[at] = value;
      model.pointed({ chosen: { layer, unit: place, input } });
      model.changed();
    });
    view.shows.push(() => {
      show(numbers[at]);
      element.classList.toggle("chosen", model.chosen.input === input);
    });
    return element;
  };
  view.shows = [];
  const weights = names.slice(0, MOST_CONTROLS).map((from, i) => {
    const [text, spoken] = [`weight of ${from}`, `weight from ${from} to ${name}`];
    return control(text, spoken, weight, place * inputs + i, i);
  });
  const more = inputs > MOST_CONTROLS ? `and ${inputs - MOST_CONTROLS} more weights` : null;
  view.controls.replaceChildren(
    ...weights, more ?? "", control("bias", `bias of ${name}`, bias, place, null),
  );
  view.scale.textContent = scaleNote(net, layer);
}

/** What a formula in natural units does to the weights that stand in the fields. */
function scaleNote(net, layer) {
  const notes = [];
  const [[centre, half], [middle, width]] = [net.inScale, outScaleOf(net, layer)];
  const isScaled = net.layers[layer].source === null && (centre !== 0 || half !== 1);
  if (isScaled) {
    notes.push(Array.isArray(centre)
      ? "The unit takes each input with a scale of its own"
      : `The unit takes (x - ${short(centre)}) / ${short(half)}`);
  }
  if (middle !== 0 || width !== 1) {
    notes.push(`the output is ${short(middle)} + ${short(width)} times the unit`);
  }
  return notes.length ? `${notes.join("; ")}: the formula has that worked in.` : "";
}

function drawFormulas({ net, data }, list) {
  if (countOf(net) > MOST_WRITTEN) {
    list.textContent = "Too many weights for a text that one reads.";
    return;
  }
  const texts = unitNames(net).flatMap((names, layer) => [
    ["soft", net.layers[layer].label],
    ...names.map((_, i) => ["formula", formulaOf(net, data.inputs, layer, i)]),
  ]);
  while (list.children.length > texts.length) list.lastChild.remove();
  texts.forEach(([name, text], i) => {
    const line = list.children[i] ?? list.appendChild(make("p"));
    line.className = name;
    if (line.textContent !== text) line.textContent = text;
  });
}
