// The page of a network: the parts that suit it, around one model.

import { readNetwork } from "../core/network.js";
import { arranged } from "../drawing/dom.js";
import { Model } from "../drawing/model.js";
import { bowl } from "./bowl.js";
import { curve } from "./curve.js";
import { diagram } from "./diagram.js";
import { film } from "./film.js";
import { heads } from "./heads.js";
import { pad } from "./pad.js";
import { surface } from "./surface.js";
import { training } from "./training.js";
import { truthTable } from "./truth_table.js";
import { unit } from "./unit.js";
import { units } from "./units.js";

/** By the parts' names in the data, what draws each; mlpzoo.pages says which a page has. */
export const PARTS = {
  bowl, curve, diagram, film, heads, pad, surface, training, truth_table: truthTable, unit, units,
};

/** @returns {Promise<Element[]>} */
export async function networkPage(data) {
  const model = new Model(data, await readNetwork(data.net));
  return [arranged(data.parts.map((part) => PARTS[part](model)))];
}
