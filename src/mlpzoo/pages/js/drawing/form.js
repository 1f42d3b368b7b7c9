// Settings as fields with a label each; what a field cannot take is said, and not taken.

import { make } from "./dom.js";

/**
 * @typedef {object} Field
 * @property {string} name - of the value
 * @property {string} label
 * @property {[string, string][]} [choices] - values with the text of each
 * @property {(text: string) => any} [read] - the value of what was typed, or undefined
 * @property {string} [takes] - what can be typed: "a number above 0"
 * @property {(values: object) => boolean} [when] - whether it is shown
 */

/**
 * @param {Field[]} fields
 * @param {object} values - by name; fields write into it
 * @param {(name: string) => void} changed
 * @returns {{element: Element, wrong: () => string}} wrong: what the first wrong field takes, or ""
 */
export function formOf(fields, values, changed) {
  const rows = fields.map((field) => {
    const control = controlOf(field, values);
    const label = make("label", { class: "field" }, field.label, control);
    return { field, control, label };
  });
  const arrange = () => rows.forEach(({ field, label }) => {
    label.hidden = field.when ? !field.when(values) : false;
  });
  for (const { field, control } of rows) {
    control.addEventListener("change", () => {
      const value = field.choices ? control.value : field.read(control.value);
      control.setAttribute("aria-invalid", value === undefined);
      if (value !== undefined) values[field.name] = value;
      arrange();
      changed(field.name);
    });
  }
  arrange();
  const isWrong = ({ control, label }) =>
    !label.hidden && control.getAttribute("aria-invalid") === "true";
  const wrong = () => {
    const found = rows.find(isWrong);
    return found
      ? `${found.field.label} takes ${found.field.takes}, not "${found.control.value}".` : "";
  };
  return { element: make("div", { class: "fields" }, rows.map(({ label }) => label)), wrong };
}

function controlOf({ name, choices }, values) {
  if (!choices) return make("input", { name, value: String(values[name]), inputmode: "decimal" });
  const options = choices.map(([value, text]) =>
    make("option", { value, selected: value === values[name] }, text),
  );
  return make("select", { name }, options);
}
