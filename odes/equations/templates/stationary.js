// Where a flow can come to rest: roots of its drift from many starts, as in odes/equilibria/dynamics.py.
const SAME = 1e-6, ZERO = 1e-8, FARTHEST = 1e3, SMALLEST_LENGTH = 1e-4;
const SCALES = [0.3, 1, 3], OVERLAPS = [0.9, 0.3, -0.5, -0.95], SHIFTS = [-0.5, 0.5];
// How far a table's error moves an aligned root, and the drift of R that it leaves there, over eta.
const ALIGNED = 1e-4, WRONG = 1e-5;
const LENGTHS = [0.3, 1, 3], DISTANCES = [0, 0.03], EFFECTIVE_LENGTHS = [0.8, 1.2, 2, 5, 12];

const product = (axes) => axes.reduce(
  (rows, axis) => rows.flatMap((row) => axis.map((value) => [...row, value])), [[]]);

class Stationary {
  constructor(flow, start, p) {
    Object.assign(this, {flow, p, start: Float64Array.from(start), size: flow.size});
    Object.assign(this, {R: flow.place.R, L: flow.place.L});
    this.scalars = flow.names.filter((name) => name !== "R" && name !== "L");
    // Where a flow is a table of a quadrature, derivatives are those of the quadrature itself:
    // close to |R| = 1 differences would magnify the table's error a thousand times.
    this.full = new Drift(flow.exact ?? flow, p, false);
    this.first = new Drift(flow.exact ?? flow, p, true);
    this.everything = [...flow.names.keys()];
    const longer = this.start.with(this.L, 2 * this.start[this.L]);
    // Whether the field does not depend on the length of the weights.
    this.normalised = Math.abs(this.scale(longer) - this.scale(this.start)) < 1e-12;
    this.quick = this.normalised ? this.everything.filter((i) => i !== this.L) : this.everything;
  }

  scale(y) { return this.flow.observables(y)[0]; }

  error(y) { return this.flow.observables(y)[1]; }

  // The rate of log L.
  growth(y, drift = this.full) { return drift.at(y)[this.L] / y[this.L]; }

  // The largest drift over eta; of L, that of log L.
  residual(y, free, drift) {
    const dy = drift.at(y);
    dy[this.L] /= y[this.L];
    return Math.max(...free.map((i) => Math.abs(dy[i]))) / this.p.eta;
  }

  // The roots of the first-order drift: at L = l0, if the student is normalised.
  limits() {
    const lengths = this.normalised ? [this.start[this.L]] : LENGTHS;
    const found = this.search(this.starts(lengths), this.quick, this.first);
    return this.distinct([...this.aligned(lengths), ...found], ALIGNED);
  }

  // Aligned roots whose drift of R is zero but for the error of a table, which moves some of them
  // beyond |R| = 1.
  aligned(lengths) {
    if (!this.flow.hasTable) return [];
    const free = this.quick.filter((i) => i !== this.R);
    const found = this.search(this.starts(lengths, [1, -1]), free, this.first);
    return found.filter((y) => Math.abs(this.first.at(y)[this.R]) < WRONG * this.p.eta);
  }

  // The roots of the full right-hand side in all order parameters, near those limits.
  rests(limits) {
    const starts = limits.flatMap((y) => this.around(y).map(([length, distance]) =>
      y.with(this.R, y[this.R] * (1 - distance)).with(this.L, length)));
    if (!this.normalised) starts.push(...this.starts(LENGTHS));
    return this.search(starts, this.everything, this.full);
  }

  around(y) {
    if (!this.normalised) return product([[y[this.L]], DISTANCES]);
    if (this.scale(y) <= SAME) return []; // nothing moves weights that the field does not use
    const unit = Math.sqrt(this.p.eta * this.scale(y) / this.p.M);
    return product([EFFECTIVE_LENGTHS.map((x) => unit * x), DISTANCES]);
  }

  starts(lengths, overlaps = OVERLAPS) {
    const grids = this.scalars.map((name) => (name === "beta" ? SHIFTS : SCALES));
    return product([...grids, overlaps, lengths]).map((row) => Float64Array.from(row));
  }

  // The distinct roots that Newton's iteration reaches, mirror images included.
  search(starts, free, drift) {
    const found = this.roots(starts, free, drift).map((y) => this.tidy(y, free, drift));
    const candidates = [...found, ...found.map((y) => this.mirror(y))];
    return this.distinct(candidates.filter((y) => this.isRoot(y, free, drift)));
  }

  // All roots reached; a table's are found first, then moved to the quadrature's.
  roots(starts, free, drift) {
    const reached = (from, by) => from.map((y) => newton(by, y, free)).filter((y) => y !== null);
    if (!this.flow.exact) return reached(starts, drift);
    const quick = this.flow.rough ?? this.flow;
    const near = reached(starts, new Drift(quick, this.p, drift === this.first));
    const apart = near.filter((y, i) => !near.slice(0, i).some((x) => equalPoints([...x], [...y])));
    return reached(apart, drift);
  }

  // The same student with both gamma and the weights' sign turned.
  mirror(y) {
    if (!this.scalars.includes("gamma")) return y.slice();
    return y.with(0, -y[0]).with(this.R, -y[this.R]);
  }

  isRoot(y, free, drift) {
    const inside = y.every((value) => Math.abs(value) < FARTHEST) && y[this.L] > SMALLEST_LENGTH;
    return inside && this.residual(y, free, drift) < ZERO;
  }

  // A degenerate root, which Newton's iteration only creeps up to, put in its place.
  tidy(y, free, drift) {
    const goodEnough = Math.max(this.residual(y, free, drift), 1e-14);
    for (const overlap of [Math.sign(y[this.R]), -Math.sign(y[this.R]), 0]) {
      const exact = y.map((value) => (Math.abs(value) < 1e-4 ? 0 : value)).with(this.R, overlap);
      const near = exact.every((value, i) => Math.abs(Math.abs(value) - Math.abs(y[i])) < 1e-4);
      if (near && this.residual(exact, free, drift) <= goodEnough) return exact;
    }
    return y;
  }

  // One of every group of equal points; at Q = 0 only the constant output tells apart.
  distinct(points, apart = SAME) {
    const kept = [];
    for (const y of points) {
      const key = Math.abs(this.scale(y)) < SAME ? [0, this.error(y)] : [...y];
      if (!kept.some((other) => equalPoints(key, other.key, apart))) kept.push({key, y});
    }
    return kept.map(({y}) => y).sort(largestFirst);
  }
}

function equalPoints(x, y, apart = SAME) {
  return x.length === y.length
    && x.every((value, i) => Math.abs(value - y[i]) / (1 + Math.abs(y[i])) < apart);
}

function largestFirst(x, y) {
  const rounded = (value) => Math.round(value * 1e6);
  const i = x.findIndex((value, k) => rounded(value) !== rounded(y[k]));
  return i < 0 ? 0 : y[i] - x[i];
}
