// The chosen unit over the square of the inputs, in three dimensions.

import { asProbability, forward, isOutput, unitValues } from "../core/network.js";
import { unitNames } from "../core/formula.js";
import { make, panel, short } from "../drawing/dom.js";
import { gridOver, rangeOf } from "../drawing/heat.js";
import { solidCanvas } from "../drawing/solid.js";

const [COARSE, FINE, CALM] = [25, 61, 150]; // points an axis while it moves; after so many ms
const HINT = "Drag it, or use the arrow keys, to turn it.";

export function surface(model) {
  const { ranges } = model.data;
  const [canvas, drawSolid] = solidCanvas(420, 340, "Surface");
  const heights = ["logit", "probability"].map((text) => make("option", {}, text));
  const wish = make("select", { "aria-label": "Height" }, heights);
  wish.addEventListener("change", () => model.pointed({}));
  const facts = make("p", { class: "soft" });
  const grids = new Map([COARSE, FINE].map((n) => [n, gridOver(ranges, n)]));
  let [solid, key, calm] = [null, "", null];
  const take = (n) => {
    solid = solidOf(model, n, grids.get(n), wish.value);
    const [name, [low, high]] = [solid.names[2], solid.ranges[2]];
    const text = `${name} from ${short(low)} to ${short(high)}`;
    canvas.setAttribute("aria-label", `${text} over ${model.data.inputs.join(" and ")}`);
    facts.textContent = `${text}. ${HINT}`;
  };
  const draw = () => drawSolid({ ...solid, marks: marksOf(model, solid.heights) });
  const refine = () => [take(FINE), draw()];
  model.listen(() => {
    const { layer, unit } = model.chosen;
    wish.hidden = !asksForProbability(model);
    const now = [model.edition, layer, unit, wish.value].join();
    if (now !== key) take(COARSE);
    key = now;
  });
  model.listen(() => {
    clearTimeout(calm);
    if (solid.n !== FINE) calm = setTimeout(refine, CALM);
    draw();
  }, canvas);
  return panel("Surface of the unit", make("div", { class: "row" }, wish), canvas, facts);
}

/** Whether the unit gives a logit, so that one can ask for its probability. */
function asksForProbability({ net, chosen }) {
  return net.gives === "logit" && isOutput(net, chosen.layer);
}

/** What solid.js draws: the chosen unit over the inputs; `heights` gives it for any inputs. */
function solidOf(model, n, grid, wish) {
  const { net, data, chosen: { layer, unit } } = model;
  const isProbability = asksForProbability(model) && wish === "probability";
  const heights = (inputs) => {
    const values = unitValues(net, forward(net, inputs), layer, unit);
    return isProbability ? values.map((value) => asProbability(net, value)) : values;
  };
  const values = heights(grid);
  const range = rangeOf(isProbability ? "sigmoid" : net.layers[layer].activation, values);
  const name = unitNames(net)[layer][unit];
  const names = [...data.inputs, isProbability ? `P(${name} = 1)` : name];
  return { values, n, ranges: [...data.ranges, range], names, heights };
}

/** The rows in their colours, and the point. */
function marksOf({ data: { rows }, point }, heights) {
  const places = [...(rows?.x ?? []), [...point]];
  const values = heights(Float64Array.from(places.flat()));
  return places.map((place, i) => {
    const name = i === places.length - 1 ? "error" : rows.y[i][0] ? "one" : "zero";
    return { at: [...place, values[i]], colour: name };
  });
}
