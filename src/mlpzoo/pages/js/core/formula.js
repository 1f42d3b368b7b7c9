// The formula of each unit, as mlpzoo.formula writes it: scales folded in, natural units.

import { isOutput, outScaleOf, scaleOf } from "./network.js";

/** A number with so many significant digits, as short as it can be. */
const written = (value, digits) => String(Number(value.toPrecision(digits)));

/**
 * What the units of each layer are called: h<layer><unit>, or the names of the outputs.
 * @returns {string[][]}
 */
export function unitNames(net) {
  const ends = new Map(net.outputs.map(([name, layer]) => [layer, name]));
  const hidden = net.layers.map((_, i) => i).filter((i) => !ends.has(i));
  const most = Math.max(hidden.length, ...hidden.map((i) => net.layers[i].units));
  const between = most > 9 ? "_" : "";
  return net.layers.map(({ units }, i) => Array.from({ length: units }, (_, unit) => {
    if (!ends.has(i)) return `h${hidden.indexOf(i) + 1}${between}${unit + 1}`;
    return `${ends.get(i)}${units > 1 ? unit + 1 : ""}`;
  }));
}

/** The names of what a layer takes. */
export function sourceNames(net, inputs, layer) {
  const { source } = net.layers[layer];
  return source === null ? inputs : unitNames(net)[source];
}

/**
 * A unit's weights and bias for inputs and outputs in natural units.
 * @returns {{weights: Float64Array, bias: number}}
 */
function foldedUnit(net, layer, unit) {
  const { inputs, weight, bias, source, activation } = net.layers[layer];
  let weights = weight.slice(unit * inputs, (unit + 1) * inputs);
  let added = bias[unit];
  if (source === null) {
    weights = weights.map((value, i) => value / scaleOf(net.inScale, i)[1]);
    added -= weights.reduce((sum, value, i) => sum + scaleOf(net.inScale, i)[0] * value, 0);
  }
  if (activation === "identity" && isOutput(net, layer)) {
    const [centre, halfWidth] = outScaleOf(net, layer);
    weights = weights.map((value) => value * halfWidth);
    added = added * halfWidth + centre;
  }
  return { weights, bias: added };
}

/** A unit's formula, most terms of it: "h11 = sigmoid(-10.33 x1 + 14.35 x2 + 4.811)". */
export function formulaOf(net, inputs, layer, unit, most = Infinity, digits = 4) {
  const { weights, bias } = foldedUnit(net, layer, unit);
  const names = sourceNames(net, inputs, layer);
  const terms = Array.from(weights.subarray(0, most), (value, i) => {
    const size = written(Math.abs(value), digits);
    return [value, size === "1" ? names[i] : `${size} ${names[i]}`];
  }).filter(([value]) => value);
  terms.push(...leftOut(weights, most));
  if (bias || !terms.length) terms.push([bias, written(Math.abs(bias), digits)]);
  return `${unitNames(net)[layer][unit]} = ${applied(net, layer, joined(terms))}`;
}

/** A unit's sum with all its numbers: "-10.33 · 0.5 + 14.35 · 0.5 + 4.811", most terms of it. */
export function sumWritten(net, layer, unit, from, most = 8, digits = 4) {
  const { weights, bias } = foldedUnit(net, layer, unit);
  const terms = Array.from(weights.subarray(0, most), (value, i) => {
    const taken = written(from[i], digits);
    const size = written(Math.abs(value), digits);
    return [value, `${size} · ${from[i] < 0 ? `(${taken})` : taken}`];
  });
  terms.push(...leftOut(weights, most), [bias, written(Math.abs(bias), digits)]);
  return joined(terms);
}

/** A unit's sum behind its activation, and behind the scale of an output that cannot take it in. */
export function applied(net, layer, sum) {
  const { activation } = net.layers[layer];
  if (activation === "identity") return sum;
  const [centre, halfWidth] = outScaleOf(net, layer);
  const value = `${activation}(${sum})`;
  return centre === 0 && halfWidth === 1 ? value : `${centre} + ${halfWidth} ${value}`;
}

function leftOut(weights, most) {
  return weights.length > most ? [[1, `(${weights.length - most} more)`]] : [];
}

function joined(terms) {
  return terms.map(([value, text], i) => {
    const sign = value < 0 ? "-" : "+";
    if (i) return `${sign} ${text}`;
    return value < 0 ? `-${text}` : text;
  }).join(" ");
}
