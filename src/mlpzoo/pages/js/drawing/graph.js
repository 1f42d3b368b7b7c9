// A network laid out in columns: which units are drawn, and where.

const MOST = 8; // units of a column
const [LARGE, SMALL] = [56, 34]; // pixels of a unit
const MANY = 4; // units of a column from which on they are small
const [NAME, GAP] = [18, 14]; // pixels: a unit's name or value; between units
const [LINE, TWO_LINES] = [26, 42]; // pixels of a title
const [NEAREST, NARROW, FARTHEST] = [54, 100, 210]; // pixels from column to column

/**
 * @typedef {object} Place
 * @property {?number} layer - null for an input
 * @property {number} unit
 * @property {number} x - of its left side
 * @property {number} y - of the top of its name, above its picture
 *
 * @typedef {object} Graph
 * @property {Place[]} places - column by column
 * @property {{text: string, x: number, y: number, above: boolean}[]} texts - titles, which stand
 *   above their place, and how many units are left out
 * @property {number} width
 * @property {number} height
 * @property {number} size - of a unit's picture
 * @property {number} across - pixels from column to column
 * @property {number} decimals - of the numbers below units, for which there is room
 * @property {number} name - the height of the name above it
 */

/** @returns {Graph} that fits into a width, or is as narrow as can be */
export function layOut(net, width) {
  const columns = columnsOf(net);
  const rows = Math.max(...columns.map((column) => sum(column.map(({ shown }) => shown))));
  const gaps = Math.max(columns.length - 1, 1);
  const size = rows > MANY || width / gaps < NARROW ? SMALL : LARGE;
  const across = Math.min(Math.max((width - size - 2 * GAP) / gaps, NEAREST), FARTHEST);
  const [top, decimals] = across < NARROW ? [TWO_LINES, 2] : [LINE, 4];
  const pitch = size + 2 * NAME + GAP;
  const heightOf = ({ units, shown }) => top + shown * pitch + (units > shown ? top : 0);
  const heights = columns.map((column) => sum(column.map(heightOf)));
  const graph = { places: [], texts: [], size, name: NAME, across, decimals };
  graph.width = 2 * GAP + size + across * (columns.length - 1);
  graph.height = Math.max(...heights);
  columns.forEach((column, i) => {
    let y = (graph.height - heights[i]) / 2;
    for (const part of column) {
      addPart(graph, part, GAP + across * i, y + top, pitch);
      y += heightOf(part);
    }
  });
  return graph;
}

/** A layer: its title, its units below, and how many of them are left out. */
function addPart({ places, texts, size }, { layer, units, shown, label }, x, y, pitch) {
  texts.push({ text: label, x: x + size / 2, y, above: true });
  for (let unit = 0; unit < shown; unit++) places.push({ layer, unit, x, y: y + unit * pitch });
  if (units > shown) {
    texts.push({ text: `and ${units - shown} more`, x: x + size / 2, y: y + shown * pitch });
  }
}

/** Layers as far from the input as one another stand in one column, and share its units. */
function columnsOf(net) {
  const depths = [];
  net.layers.forEach(({ source }) => depths.push(source === null ? 1 : depths[source] + 1));
  const columns = [[{ layer: null, units: net.inputs, label: "inputs" }]];
  net.layers.forEach(({ units, label }, layer) => {
    (columns[depths[layer]] ??= []).push({ layer, units, label });
  });
  return columns.map((column) => column.map((part) => {
    return { ...part, shown: Math.min(part.units, Math.floor(MOST / column.length) || 1) };
  }));
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
