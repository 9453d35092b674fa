// Chebyshev interpolation on three axes, as in odes/tables/chebyshev.py. A table is a flat array: the
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

// A scale on the table's axis: its logarithm, unless the axis begins at 0.
function scaleAxis(table, q) {
  return table[4] === 0 ? q : Math.log(q);
}

// The first `count` tabulated moments at a point; infinity outside the table's range.
function lookUp(table, y0, y1, y2, count) {
  const values = new Float64Array(count);
  const b0 = chebyshevBasis(y0, table[0], table[3], table[6]);
  const b1 = chebyshevBasis(y1, table[1], table[4], table[7]);
  const b2 = chebyshevBasis(y2, table[2], table[5], table[8]);
  if (b0 === null || b1 === null || b2 === null) return values.fill(Infinity);
  const inner = new Float64Array(b1.length * b2.length);
  for (let j = 0; j < inner.length; j++) {
    inner[j] = b1[Math.floor(j / b2.length)] * b2[j % b2.length];
  }
  let at = TABLE_HEADER;
  for (let m = 0; m < count; m++) {
    for (let i = 0; i < b0.length; i++) {
      values[m] += b0[i] * dotAt(inner, table, at);
      at += inner.length;
    }
  }
  return values;
}

// A table of two axes at a point of the second: a function of the first, for many of its points.
function alongFirst(table, y1) {
  const b1 = chebyshevBasis(y1, table[1], table[4], table[7]);
  const [size, count] = [table[0], table[TABLE_HEADER - 1]];
  const rows = Float64Array.from({length: size * count},
    (_, i) => dotAt(b1, table, TABLE_HEADER + i * b1.length));
  return (y0) => {
    const b0 = chebyshevBasis(y0, size, table[3], table[6]);
    return Float64Array.from({length: count}, (_, m) => dotAt(b0, rows, m * size));
  };
}

// `x . table[at:]` in four partial sums: one would wait for the adder at every term.
function dotAt(x, table, at) {
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0, i = 0;
  for (; i + 3 < x.length; i += 4) {
    s0 += x[i] * table[at + i];
    s1 += x[i + 1] * table[at + i + 1];
    s2 += x[i + 2] * table[at + i + 2];
    s3 += x[i + 3] * table[at + i + 3];
  }
  for (; i < x.length; i++) s0 += x[i] * table[at + i];
  return s0 + s1 + s2 + s3;
}
