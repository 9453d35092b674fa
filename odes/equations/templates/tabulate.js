// A quadrature made fast enough for sliders: tabulated when it is first asked for.

// The axes: the angle arccos rho, and y of q = BEND sinh y. Averages of activations change over
// factors of q, not over differences: in y they are smooth.
const TABLE_SIZES = [20, 30], BEND = 0.25, LARGEST_SCALE = 4;
// A table that is off by more at the points below is not used.
const TABLE_ERROR = 1e-7;
const CHECK_POINTS = [[0.1, 0.3], [0.7, 1.9], [-0.4, 0.8], [0.95, 3.6], [-0.99, 0.05]];

// `moments(q, shift, rho)` as a look-up, for a field without shift and q within the range.
function tabulated(moments, shifted) {
  if (shifted) return moments;
  let table = null, count = 0;
  const at = (q, rho) => lookUp(table, Math.acos(rho), Math.asinh(q / BEND), 0, count);
  const build = () => {
    table = packTable(moments);
    count = table[TABLE_HEADER - 1];
    const off = CHECK_POINTS.some(([rho, q]) => at(q, rho)
      .some((value, m) => !(Math.abs(value - moments(q, 0, rho)[m]) <= TABLE_ERROR)));
    if (off) table = false;
  };
  return (q, shift, rho) => {
    if (table === null) build();
    return table && q <= LARGEST_SCALE ? at(q, rho) : moments(q, 0, rho);
  };
}

// The interpolant's coefficients on the two axes, as `lookUp` takes them.
function packTable(moments) {
  const [n0, n1] = TABLE_SIZES, top = Math.asinh(LARGEST_SCALE / BEND);
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
