// The page of a run, or of two beside each other: tables, curves, pictures, and a network below.

import { arranged, make, panel } from "../drawing/dom.js";
import { networkPage } from "../parts/page.js";
import { curves } from "./curves.js";

/** @returns {Promise<Element[]>} of what mlpzoo.pages.runs.page wrote */
export async function runPage(data) {
  const { labels, result, metrics, settings, notes } = data;
  const heads = labels.length > 1 ? ["", ...labels] : null;
  const panels = [
    panel("Result", table(heads, result), ...notes.map((note) => sentence(note, labels))),
    metrics.length > 0 && panel("Metrics", table(heads, metrics)),
    settingsPanel(settings),
    data.curves.length > 0 && (await curves(data.curves)),
    figuresPanel(data),
    data.without && panel("Network", make("p", {}, `There is no network to show: ${data.without}`)),
  ];
  const network = data.network ? await networkBelow(data.network) : [];
  return [arranged(panels.filter(Boolean)), ...network];
}

function table(heads, rows) {
  const titles = heads?.map((text) => make("th", {}, text));
  const head = heads && make("thead", {}, make("tr", {}, titles));
  const body = rows.map(([name, ...texts]) => {
    const cells = texts.map((text) => make("td", {}, text));
    return make("tr", {}, make("th", { scope: "row" }, ...breakable(name)), cells);
  });
  const whole = make("table", { class: "texts" }, head, make("tbody", {}, body));
  return make("div", { class: "scroll" }, whole);
}

/** A dotted name that may go on in the next line behind each part. */
function breakable(name) {
  return name.split(/(?<=[._])/).flatMap((part) => [part, make("wbr")]);
}

function sentence([label, text], labels) {
  return make("p", {}, labels.length > 1 && make("strong", {}, `${label}: `), text);
}

function settingsPanel({ heads, differ, same }) {
  const rest = make("details", {}, make("summary", {}, `${same.length} more`), table(null, same));
  rest.open = !differ.length;
  return panel("Settings", differ.length > 0 && table(heads, differ), same.length > 0 && rest);
}

function figuresPanel({ figures, labels, leftOut }) {
  if (!figures.length && !leftOut.length) return null;
  const shown = figures.flatMap(([name, sources]) => (
    sources.map((source, i) => figure(source, labels.length > 1 ? `${name}, ${labels[i]}` : name))
  ));
  const several = labels.length > 1 ? "figures pairs" : "figures";
  const said = make("p", { class: "soft" }, `Left out for want of room: ${leftOut.join(", ")}`);
  const part = panel("Figures", make("div", { class: several }, shown), leftOut.length > 0 && said);
  part.classList.add("wide");
  return part;
}

function figure(source, name) {
  const picture = source ? make("img", { src: source, alt: name }) : make("p", {}, "none");
  return make("figure", {}, picture, make("figcaption", { class: "soft" }, name));
}

async function networkBelow(network) {
  const heading = make("h2", { class: "below" }, "The network of the best weights");
  const said = make("p", { class: "soft" }, network.subtitle);
  return [heading, said, ...(await networkPage(network))];
}
