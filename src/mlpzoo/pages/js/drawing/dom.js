// Elements in one call, and numbers as text.

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(
  ["svg", "g", "path", "line", "circle", "rect", "text", "polyline", "title"],
);

/**
 * An element: make("button", { class: "quiet", onclick: stop, "aria-label": "Stop" }, "Stop").
 * Names that begin with "on" are listeners; a value of false or null is left out; text is text.
 */
export function make(tag, attributes = {}, ...children) {
  const element = SVG_TAGS.has(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== false));
  return element;
}

/** A part of a page with a heading. */
export function panel(title, ...children) {
  const heading = make("h2", {}, title);
  return make("section", { class: "panel", "aria-label": title }, heading, ...children);
}

/** Panels below each other: those of class "wide" alone, the others in columns. */
export function arranged(panels) {
  const whole = make("div", { class: "panels" });
  for (const part of panels) {
    const last = whole.lastElementChild;
    if (part.classList.contains("wide")) whole.append(part);
    else if (last?.classList.contains("columns")) last.append(part);
    else whole.append(make("div", { class: "columns" }, part));
  }
  return whole;
}

/** A number with so many significant digits, as short as it can be: 0.5, -20.51, 1.2e-7. */
export function short(value, digits = 4) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(digits))) : String(value);
}
