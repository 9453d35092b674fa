// Chebyshev interpolation on three axes, as in odes/chebyshev.py. A table is a flat array: the
// axes' sizes, lower ends and upper ends, how many moments, then the coefficients by moment.
const TABLE_HEADER = 10;

// Chebyshev polynomials at y, or null outside the range.
function chebyshevBasis(y, size, low, high) {
  const x = (2 * y - low - high) / (high - low), basis = new Float64Array(size);
  basis[0] = 1;
  if (size > 1) basis[1] = x;
  for (let n = 2; n < size; n++) basis[n] = 2 * x * basis[n - 1] - basis[n - 2];
  return size === 1 || Math.abs(x) <= 1 + 1e-9 ? basis : null;
}

// The first `count` tabulated moments at a point; infinity outside the table's range.
function lookUp(table, y0, y1, y2, count) {
  const values = new Float64Array(count).fill(Infinity);
  const bases = [y0, y1, y2].map((y, k) => chebyshevBasis(y, table[k], table[3 + k], table[6 + k]));
  if (bases.includes(null)) return values;
  const [b0, b1, b2] = bases, weights = new Float64Array(b0.length * b1.length * b2.length);
  let w = 0;
  for (const x of b0) for (const y of b1) for (const z of b2) weights[w++] = x * y * z;
  let at = TABLE_HEADER;
  for (let m = 0; m < count; m++) {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i] * table[at + i];
    values[m] = sum;
    at += weights.length;
  }
  return values;
}
