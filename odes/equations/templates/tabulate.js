// A quadrature made fast enough for sliders: tabulated when it is first asked for.

// The axes: the angle arccos rho, and y of q = BEND sinh y. Averages of activations change over
// factors of q, not over differences: in y they are smooth.
const BEND = 0.25;
// Nodes, the largest q, and what a table may be off by at the points below: rho, and q in units of
// the largest.
const PLAIN_TABLE = {sizes: [20, 30], largest: 4, error: 1e-7};
const CHECK_POINTS = [[0.1, 0.075], [0.7, 0.475], [-0.4, 0.2], [0.95, 0.9], [-0.99, 0.0125]];

// `moments(q, shift, rho)` as a look-up, for a field without shift and q within the range; the
// function has `holds(q)`, whether q is one of the table, and then `along(q)`, a quick function of
// rho. With a key the table is kept for others.
function tabulated(moments, shifted, {sizes, largest, error, key = ""} = PLAIN_TABLE) {
  if (shifted) return moments;
  let made = null;
  const at = (q, rho) => lookUp(made.table, Math.acos(rho), Math.asinh(q / BEND), 0,
    made.table[TABLE_HEADER - 1]);
  const holds = (q) => {
    made ??= kept(key, () => checkedTable(moments, sizes, largest));
    return made.off <= error && q <= largest;
  };
  const known = (q, shift, rho) => (holds(q) ? at(q, rho) : moments(q, 0, rho));
  const along = (q) => {
    const of = alongFirst(made.table, Math.asinh(q / BEND));
    return (rho) => of(Math.acos(rho));
  };
  return Object.assign(known, {holds, along});
}

// The last few tables that have a key.
const KEPT_TABLES = new Map();

function kept(key, make) {
  if (!key) return make();
  if (!KEPT_TABLES.has(key)) {
    if (KEPT_TABLES.size >= 8) KEPT_TABLES.delete(KEPT_TABLES.keys().next().value);
    KEPT_TABLES.set(key, make());
  }
  return KEPT_TABLES.get(key);
}

// A table, and what it is off by at the points at which it is checked.
function checkedTable(moments, sizes, largest) {
  const table = packTable(moments, sizes, largest), count = table[TABLE_HEADER - 1];
  const off = CHECK_POINTS.map(([rho, part]) => {
    const q = largest * part, exact = moments(q, 0, rho);
    const found = lookUp(table, Math.acos(rho), Math.asinh(q / BEND), 0, count);
    return Math.max(...exact.map((value, m) => Math.abs(value - found[m])));
  });
  return {table, off: off.every(Number.isFinite) ? Math.max(...off) : Infinity};
}

// The interpolant's coefficients on the two axes, as `lookUp` takes them.
function packTable(moments, [n0, n1], largest) {
  const top = Math.asinh(largest / BEND);
  const node = (i, n, high) => high / 2 * (1 + Math.cos(Math.PI * (i + 0.5) / n));
  const values = Array.from({length: n0}, (_, i) => Array.from({length: n1}, (_, j) =>
    moments(BEND * Math.sinh(node(j, n1, top)), 0, Math.cos(node(i, n0, Math.PI)))));
  const count = values[0][0].length, packed = [n0, n1, 1, 0, 0, 0, Math.PI, top, 1, count];
  for (let m = 0; m < count; m++) {
    const rows = values.map((row) => cosines(row.map((value) => value[m])));
    const columns = rows[0].map((_, j) => cosines(rows.map((row) => row[j])));
    for (let i = 0; i < n0; i++) for (let j = 0; j < n1; j++) packed.push(columns[j][i]);
  }
  return Float64Array.from(packed);
}

// Chebyshev coefficients from values at the nodes of the first kind.
function cosines(values) {
  const n = values.length;
  return values.map((_, k) => (k === 0 ? 1 : 2) / n * values.reduce(
    (sum, value, i) => sum + value * Math.cos(Math.PI * k * (i + 0.5) / n), 0));
}
