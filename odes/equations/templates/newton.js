// Projected Newton iterations on a flow's right-hand side, as in odes/kernels/roots.py. R and L are the
// last two order parameters; L enters as log L, R is kept in [-1, 1].
const LONGEST_OVERLAP = 0.4, LONGEST = 1, EDGE = 1e-6, SMALL = 1e-15;
// Iterations from anywhere, and from the point at a neighbouring learning rate.
const TOLERANCE = 1e-11, ITERATIONS = 40, NEIGHBOUR = 15;

const square = (n) => Array.from({length: n}, () => new Float64Array(n));

// The right-hand side and its derivatives at given parameters; `firstOrder` takes their parts of
// first order in eta (the limit of small learning rates).
class Drift {
  constructor(flow, p, firstOrder) {
    this.flow = flow;
    this.factor = firstOrder ? SMALL : 1;
    this.p = {...p, eta: p.eta * this.factor};
    this.eta = p.eta;
  }

  // Whether a field is so large that the flow, which only finds roots, does not know it.
  beyond(y) {
    const {farthest} = this.flow;
    return farthest !== undefined && this.flow.field(y)[0] > farthest;
  }

  at(y) {
    const dy = new Float64Array(this.flow.size);
    this.flow.rhs(0, y, this.p, dy);
    return dy.map((value) => value / this.factor);
  }

  // Symbolic where all moments have closed forms, otherwise by differences.
  jacobian(y) {
    const J = square(this.flow.size);
    if (!this.flow.hasJacobian) return this.differences(y, J);
    this.flow.jacobian(0, y, this.p, J);
    return J.map((row) => row.map((value) => value / this.factor));
  }

  differences(y, J) {
    const overlap = y.length - 2;
    for (let j = 0; j < y.length; j++) {
      const room = 1 - Math.abs(y[j]);
      if (j === overlap && room < EDGE) {
        this.edgeSlope(y, J);
        continue;
      }
      let h = 1e-5 * Math.max(1e-2, Math.abs(y[j]));
      if (j === overlap) h = Math.min(1e-5, 1e-3 * room);
      const up = this.at(y.with(j, y[j] + h)), down = this.at(y.with(j, y[j] - h));
      J.forEach((row, i) => { row[j] = (up[i] - down[i]) / (2 * h); });
    }
    return J;
  }

  // At |R| = 1, by the polynomial in the angle that `edge_rule` of odes/kernels/roots.py fits.
  edgeSlope(y, J) {
    const overlap = y.length - 2, sign = y[overlap] > 0 ? 1 : -1;
    const [angles, weights] = EDGE_RULES[this.flow.hasTable];
    const base = this.at(y.with(overlap, sign));
    J.forEach((row) => { row[overlap] = 0; });
    angles.forEach((angle, k) => {
      const moved = this.at(y.with(overlap, sign * Math.cos(angle)));
      J.forEach((row, i) => { row[overlap] += sign * weights[k] * (moved[i] - base[i]); });
    });
  }
}

// The root that Newton's iteration reaches from y in the free parameters, or null.
function newton(drift, start, free, iterations = ITERATIONS, tolerance = TOLERANCE) {
  const y = Float64Array.from(start), overlap = y.length - 2, length = y.length - 1;
  for (let iteration = 0; iteration < iterations; iteration++) {
    const dy = drift.at(y), J = drift.jacobian(y);
    // Rates of R fall like L^-2, those of log L like L^-4: bring all rows to order one.
    const scale = (row) => (row === overlap ? y[length] ** 2 : row === length ? y[length] ** 3 : 1)
      / drift.eta;
    const A = free.map((row) => free.map((column) =>
      scale(row) * J[row][column] * (column === length ? y[length] : 1)));
    const step = eliminate(A, free.map((row) => -scale(row) * dy[row]));
    const size = step === null ? NaN : move(y, step, free);
    if (!(size >= tolerance)) return size < tolerance ? y : null;
    if (drift.beyond(y)) return null;
  }
  return null;
}

// Solve A x = b: Gauss-Jordan with full pivoting; a direction whose pivots are rounding errors
// gets no step. Null if x is not finite.
function eliminate(A, b) {
  const n = b.length, unknown = new Array(n).fill(-1);
  let largest = 0;
  for (let k = 0; k < n; k++) {
    let row = 0, column = 0, pivot = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (unknown[i] < 0 && Math.abs(A[i][j]) > Math.abs(pivot)) {
          [row, column, pivot] = [i, j, A[i][j]];
        }
      }
    }
    largest = Math.max(largest, Math.abs(pivot));
    if (Math.abs(pivot) <= 1e-10 * largest) break;
    unknown[row] = column;
    A[row] = A[row].map((value) => value / pivot);
    b[row] /= pivot;
    for (let i = 0; i < n; i++) {
      const factor = A[i][column];
      if (i === row || factor === 0) continue;
      A[i] = A[i].map((value, j) => value - factor * A[row][j]);
      b[i] -= factor * b[row];
    }
  }
  const x = new Array(n).fill(0);
  unknown.forEach((column, row) => { if (column >= 0) x[column] = b[row]; });
  return x.every(Number.isFinite) ? x : null;
}

// Take a step, shortened to what is trusted and into [-1, 1]; its size.
function move(y, step, free) {
  const overlap = y.length - 2, length = y.length - 1;
  let shorten = 1, size = 0;
  free.forEach((i, a) => {
    const longest = i === overlap ? LONGEST_OVERLAP : LONGEST;
    if (Math.abs(step[a]) > longest) shorten = Math.min(shorten, longest / Math.abs(step[a]));
  });
  free.forEach((i, a) => {
    const before = y[i], change = shorten * step[a];
    if (i === length) {
      y[i] *= Math.exp(change);
      size = Math.max(size, Math.abs(change));
      return;
    }
    y[i] = i === overlap ? clip(before + change) : before + change;
    size = Math.max(size, Math.abs(y[i] - before));
  });
  return size;
}
