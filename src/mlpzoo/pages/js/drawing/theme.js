// Colours, light and dark. Those of style.css are asked for by name, as a canvas needs them.

const VIRIDIS = [
  [68, 1, 84], [71, 45, 123], [59, 82, 139], [44, 114, 142], [33, 145, 140],
  [40, 174, 128], [94, 201, 98], [173, 220, 48], [253, 231, 37],
];
const known = new Map();
const probe = document.createElement("span");
const watchers = new Set();

/** The colour that style.css has under this name now, as "rgb(...)": colour("ink"). */
export function colour(name) {
  if (!known.has(name)) {
    if (!probe.isConnected) document.body.append(probe);
    probe.hidden = true;
    probe.style.color = `var(--${name})`;
    known.set(name, getComputedStyle(probe).color);
  }
  return known.get(name);
}

/** Calls back whenever colours have changed. */
export function onTheme(callback) {
  watchers.add(callback);
}

function changed() {
  known.clear();
  for (const callback of watchers) callback();
}
for (const other of ["(prefers-color-scheme: dark)", "print"]) {
  matchMedia(other).addEventListener("change", changed);
}

/** Take "light", "dark", or "" for what the system says. */
export function setTheme(name) {
  document.documentElement.style.colorScheme = name;
  changed();
}

/** viridis, as in the figures: 0 is dark blue, 1 is yellow. Returns [red, green, blue]. */
export function viridis(share) {
  const at = Math.min(Math.max(share, 0), 1) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  return VIRIDIS[low].map((value, i) => value + (at - low) * (VIRIDIS[low + 1][i] - value));
}
