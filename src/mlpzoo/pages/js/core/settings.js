// How a network is trained: what the page says, and what a reader can set instead.

import { ACTIVATIONS } from "./activations.js";
import { activationOf, hiddenOf } from "./task.js";

const DEFAULTS = {
  optimizer: "adam", lr: 0.01, momentum: 0, beta2: 0.999, reduction: "mean", start: "default",
  gain: 1, seed: 0,
};
const LOSSES = [
  ["bcewithlogits", "BCE with logits"], ["bce", "BCE, sigmoid"], ["mse", "MSE, sigmoid"],
];
const STARTS = [
  ["default", "PyTorch's default"], ["uniform", "uniform, 0 to 1"], ["xavier", "Xavier"],
  ["centred", "centred"], ["rotation", "rotation"], ["spread", "spread bends"],
  ["steep", "steep bends"], ["nguyen", "Nguyen and Widrow"], ["zeros", "zeros"],
];
const ORIGINS = [["drawn", "a new draw"], ["shown", "the weights shown"]];
const PACES = [
  ["ratio", "ever faster"], ["1", "1 a frame"], ["10", "10 a frame"], ["100", "100 a frame"],
  ["all", "as fast as it can"],
];

/** How a page says that its network is trained; what it leaves open as torch has it. */
export function settingsOf({ train, task }, net) {
  const given = Object.entries(train ?? {}).filter(([, value]) => value !== null);
  const loss = task === "gate" ? "bce" : "mse";
  const of = { ...DEFAULTS, loss, activation: activationOf(net), ...Object.fromEntries(given) };
  if (of.loss === "bce" && net.gives !== "probability") of.loss = "bcewithlogits";
  const hidden = hiddenOf(net);
  return { ...of, hidden: hidden && (of.hidden ?? hidden) };
}

/** Numbers as they are typed, the comma of other languages too. */
const numberIn = (text, isRight) => {
  const value = text.trim() ? Number(text.trim().replace(",", ".")) : NaN;
  return Number.isFinite(value) && isRight(value) ? value : undefined;
};

const share = (text) => numberIn(text, (value) => value >= 0 && value < 1);

/** "2, 2" as [2, 2], "" as none. */
function sizesIn(text) {
  const sizes = text.split(/[,\s-]+/).filter(Boolean).map(Number);
  const right = sizes.length <= 8 && sizes.every((e) => Number.isInteger(e) && e > 0 && e <= 256);
  return right ? sizes : undefined;
}

/** @returns {import("../drawing/form.js").Field[]} what can be set, of a gate or a function */
export function fieldsOf(settings, isGate) {
  const names = Object.keys(ACTIVATIONS).filter((name) => name !== "step");
  const activations = names.map((name) => [name, name]);
  const positive = {
    read: (text) => numberIn(text, (value) => value > 0), takes: "a number above 0",
  };
  const shares = { read: share, takes: "a number from 0 on and below 1" };
  return [
    { name: "lr", label: "Rate", ...positive },
    { name: "optimizer", label: "Optimizer", choices: [["sgd", "SGD"], ["adam", "Adam"]] },
    { name: "momentum", label: "Momentum", ...shares, when: (now) => now.optimizer === "sgd" },
    { name: "beta2", label: "Beta 2", ...shares, when: (now) => now.optimizer === "adam" },
    { name: "loss", label: "Loss", choices: LOSSES, when: () => isGate },
    { name: "reduction", label: isGate ? "Over the rows" : "Squared error",
      choices: [["mean", "mean"], ["sum", "sum"]] },
    { name: "hidden", label: "Hidden layers", read: sizesIn, when: () => settings.hidden !== null,
      takes: "at most 8 sizes up to 256, such as 2, 2" },
    { name: "activation", label: "Activation", when: (now) => now.hidden?.length !== 0,
      choices: settings.activation ? activations : [["", "as they are"], ...activations] },
    { name: "start", label: "Start", choices: STARTS },
    { name: "gain", label: "Gain", ...positive, when: (now) => now.start !== "zeros" },
    { name: "seed", label: "Seed", takes: "a whole number from 0 on",
      read: (text) => numberIn(text, (value) => Number.isSafeInteger(value) && value >= 0) },
    { name: "origin", label: "Start from", choices: ORIGINS },
    { name: "pace", label: "Steps", choices: PACES },
  ];
}
