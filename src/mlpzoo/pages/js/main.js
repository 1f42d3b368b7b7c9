// Draws the page that the data ask for.

import { make } from "./drawing/dom.js";
import { setTheme } from "./drawing/theme.js";
import { networkPage } from "./parts/page.js";
import { runPage } from "./runs/page.js";

const PAGES = { network: networkPage, run: runPage };
const THEMES = [["", "As the system"], ["light", "Light"], ["dark", "Dark"]];

function header(data) {
  const choice = make(
    "select",
    { onchange: (event) => setTheme(event.target.value), "aria-label": "Colours" },
    THEMES.map(([value, text]) => make("option", { value }, text)),
  );
  return make("header", {}, make("h1", {}, data.title), make("p", {}, data.subtitle), choice);
}

function footer(data) {
  return make("footer", { class: "soft" }, `made by mlpzoo ${data.version}`);
}

async function show(page) {
  const data = JSON.parse(document.getElementById("data").textContent);
  page.replaceChildren(header(data), ...(await PAGES[data.kind](data)), footer(data));
  performance.mark("drawn");
}

const page = document.getElementById("page");
show(page).catch((error) => {
  page.textContent = `This page cannot be drawn here; browsers from 2024 on can. ${error}`;
  throw error; // for the console
});
