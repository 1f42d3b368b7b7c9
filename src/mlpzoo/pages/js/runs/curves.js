// What runs have logged, one chart at a time.

import { unpack } from "../core/packed.js";
import { Chart } from "../drawing/chart.js";
import { make, panel } from "../drawing/dom.js";
import { COLOURS } from "../drawing/plot/curves.js";

/** @returns {Promise<Element>} of charts that mlpzoo.pages.runs.curves wrote */
export async function curves(packedCharts) {
  const charts = await Promise.all(packedCharts.map(read));
  const shown = new Chart({ label: "Training", xLabel: "step", height: 280, zoom: "keys" });
  const choice = make(
    "select", { "aria-label": "What is drawn", onchange: draw },
    charts.map(({ name }, i) => make("option", { value: i }, name)),
  );
  const logarithmic = make("input", { type: "checkbox", onchange: draw });
  logarithmic.checked = isWide(charts[0]);

  function draw() {
    const chart = charts[choice.value];
    shown.set({ label: `${chart.name} against optimizer steps`, logY: logarithmic.checked });
    shown.show({ curves: chart.lines });
  }

  draw();
  const label = make("label", {}, logarithmic, "logarithmic");
  const controls = make("div", { class: "row" }, choice, label);
  const part = panel("Curves", controls, shown.element);
  part.classList.add("wide");
  return part;
}

async function read({ name, lines, levels }) {
  const drawn = await Promise.all(
    lines.map(async (line, i) => ({
      name: line.name,
      colour: COLOURS[i % COLOURS.length],
      style: "line",
      x: await unpack(line.x),
      y: await unpack(line.y),
    })),
  );
  const last = Math.max(...drawn.map(({ x }) => x[x.length - 1]));
  const marked = levels.map(([text, level]) => (
    { name: text, colour: "truth", style: "dash", x: [0, last], y: [level, level] }
  ));
  return { name, lines: [...drawn, ...marked] };
}

/** Whether all values are above 0 and far apart. */
function isWide({ lines }) {
  const values = lines.flatMap(({ y }) => [...y]).filter(Number.isFinite);
  return Math.min(...values) > 0 && Math.max(...values) > 10 * Math.min(...values);
}
