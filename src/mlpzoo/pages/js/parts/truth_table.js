// A gate's rows: what the network answers, what is asked for, and the cost.

import { asProbability, forward, unitValues } from "../core/network.js";
import { LOSSES } from "../core/losses.js";
import { make, panel, short } from "../drawing/dom.js";

const HINT = "A click on a row moves the point there. Flipped: the page came with another answer.";

export function truthTable(model) {
  const { rows, inputs } = model.data;
  const x = Float64Array.from(rows.x.flat());
  const lines = rows.x.map((row, i) => tableRow(model, row, rows.y[i][0]));
  const sum = make("th");
  const heads = [...inputs, "target", "answer"].map((text) => make("th", {}, text));
  heads.push(sum, make("th", { class: "probability" }, "probability"));
  const table = make(
    "table", {}, make("thead", {}, make("tr", {}, heads)),
    make("tbody", {}, lines.map(({ element }) => element)),
  );
  const cost = make("p", { class: "soft", "aria-live": "polite" });
  model.listen(() => {
    const { net } = model;
    const [, layer] = net.outputs[0];
    const passed = forward(net, x);
    const given = unitValues(net, passed, layer, 0).map((value) => asProbability(net, value));
    const isStep = net.layers[layer].activation === "step";
    table.classList.toggle("step", isStep);
    sum.textContent = isStep ? "sum" : "logit";
    const right = lines.filter(({ show }, i) => show(passed.sums[layer][i], given[i])).length;
    const wrong = rows.x.length - right;
    const errors = `${wrong ? `${wrong} of ${rows.x.length}` : "No"} answers wrong`;
    const text = isStep ? `${errors}.` : `${errors}. ${costs(passed.sums[layer], given, rows.y)}`;
    if (cost.textContent !== text) cost.textContent = text;
  });
  const hint = make("p", { class: "soft" }, HINT);
  return panel("Truth table", make("div", { class: "scroll table" }, table), cost, hint);
}

/**
 * A row, and what writes into it what the network gives: whether the answer is right.
 * @returns {{element: Element, show: (sum: number, given: number) => boolean}}
 */
function tableRow(model, row, target) {
  const move = () => model.pointed({ point: Float64Array.from(row) });
  const at = row.map((value, i) => `${model.data.inputs[i]} = ${value}`).join(", ");
  const label = { type: "button", "aria-label": `The point at ${at}` };
  const numbers = [make("td"), make("td"), make("td", { class: "probability" })];
  const fixed = [make("button", label, String(row[0])), ...[...row.slice(1), target].map(String)];
  const element = make("tr", { onclick: move }, fixed.map((cell) => make("td", {}, cell)), numbers);
  let before = null;
  const show = (sum, given) => {
    const answer = sum > 0 ? 1 : 0;
    before ??= answer;
    const isRight = answer === target;
    const verdict = `${isRight ? "right" : "wrong"}${answer === before ? "" : ", flipped"}`;
    [`${answer} ${verdict}`, inColumn(sum), given.toPrecision(4)].forEach((text, i) => {
      numbers[i].textContent = text;
    });
    element.classList.toggle("wrong", !isRight);
    element.classList.toggle("here", row.every((value, i) => value === model.point[i]));
    return isRight;
  };
  return { element, show };
}

const inColumn = (sum) => (Math.abs(sum) < 1000 ? sum.toFixed(6) : sum.toPrecision(7));

/** The mean cross-entropy of the logits, and the sum of squares of what the probabilities lack. */
function costs(logits, given, y) {
  const sum = ({ value }, values) =>
    y.reduce((all, [target], i) => all + value(values[i], target), 0);
  const entropy = sum(LOSSES.bcewithlogits, logits) / y.length;
  return `Cross-entropy (mean) ${short(entropy)}, sum of squares ${short(sum(LOSSES.mse, given))}.`;
}
