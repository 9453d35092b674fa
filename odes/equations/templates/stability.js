// Rates of return, and the largest stable learning rate, as in odes/equilibria/stability.py.
const SMALLEST_RATE = 1e-6, LARGEST_RATE = 1e6, RATES = 13;
// Learning rates between which a branch is followed, and its steps: BRANCH_... there.
const BRANCH = {from: 1e-3, to: 1e4, step: 2, end: 1e-11, endByDifferences: 1e-7}, NEAR = 0.3;

// Eigenvalues [re, im] of a matrix of up to three rows, slowest (largest real part) first.
function eigenvalues(A) {
  const found = A.length === 1 ? [[A[0][0], 0]] : A.length === 2 ? pair(A) : triple(A);
  return found.sort((x, y) => y[0] - x[0] || y[1] - x[1]);
}

function pair([[a, b], [c, d]]) {
  const middle = (a + d) / 2, discriminant = ((a - d) / 2) ** 2 + b * c;
  const root = Math.sqrt(Math.abs(discriminant));
  if (discriminant < 0) return [[middle, root], [middle, -root]];
  const large = middle + (middle < 0 ? -root : root);
  // The product is the determinant: no difference of near numbers, unless it is one itself.
  const small = large === 0 ? 0 : (a * d - b * c) / large;
  return [[large, 0], [small, 0]];
}

// One real eigenvalue by bisection of the characteristic polynomial, polished; then the pair
// of the rest, whose sum and product are known.
function triple(A) {
  for (let k = 0; k < 3; k++) {
    const others = [0, 1, 2].filter((i) => i !== k);
    const alone = others.every((i) => A[k][i] === 0) || others.every((i) => A[i][k] === 0);
    if (alone) return [[A[k][k], 0], ...pair(others.map((i) => others.map((j) => A[i][j])))];
  }
  const minor = (i, j) => A[i][i] * A[j][j] - A[i][j] * A[j][i];
  const trace = A[0][0] + A[1][1] + A[2][2], minors = minor(0, 1) + minor(0, 2) + minor(1, 2);
  const determinant = A[0][0] * minor(1, 2)
    - A[0][1] * (A[1][0] * A[2][2] - A[1][2] * A[2][0])
    + A[0][2] * (A[1][0] * A[2][1] - A[1][1] * A[2][0]);
  const polynomial = (x) => ((x - trace) * x + minors) * x - determinant;
  const bound = Math.max(...A.map((row) => row.reduce((sum, x) => sum + Math.abs(x), 0)));
  const x = bisect(polynomial, -1.001 * bound, 1.001 * bound);
  // Of a large root the rest is what is left of the determinant, of a small one of the trace.
  const large = Math.abs(x) ** 3 > Math.abs(determinant) && x !== 0;
  const rest = large ? determinant / x : minors - x * (trace - x);
  const sum = large ? (minors - rest) / x : trace - x;
  return [[x, 0], ...pair([[sum / 2, sum * sum / 4 - rest], [1, sum / 2]])];
}

// A root between two points of opposite sign: the false position of Illinois, kept bracketed.
function bisect(f, low, high) {
  let below = f(low), above = f(high);
  for (let k = 0; k < 200; k++) {
    const x = k % 3 === 2 ? (low + high) / 2 : low - below * (high - low) / (above - below);
    const value = f(x);
    if (value === 0 || Math.abs(high - low) <= 1e-15 * (Math.abs(low) + Math.abs(high))) return x;
    if (value > 0 === above > 0) [high, above] = [x, value];
    else [low, below] = [x, value];
  }
  return (low + high) / 2;
}

const submatrix = (J, indices) => indices.map((i) => indices.map((j) => J[i][j]));

// How small misalignments change at an attractor, at the length that y has (return_matrix there).
function returnMatrix(at, y, eta) {
  const p = {...at.p, eta}, full = new Drift(at.full.flow, p, false);
  const first = new Drift(at.full.flow, p, true);
  const J = full.jacobian(y), fluctuations = at.growth(y, full) - at.growth(y, first);
  J[at.R][at.R] += fluctuations;
  J[at.L][at.L] += fluctuations;
  if (Math.abs(y[at.R]) > 1 - SAME) {
    for (const i of at.everything) if (i !== at.R) J[at.R][i] = 0;
  }
  return submatrix(J, at.quick);
}

// The learning rate from which on misaligned weights grow at a point; null if there is none.
function largestLearningRate(at, y) {
  const growth = (eta) => eigenvalues(returnMatrix(at, y, eta))[0][0] / eta;
  const ratio = (LARGEST_RATE / SMALLEST_RATE) ** (1 / (RATES - 1));
  let low = at.p.M * SMALLEST_RATE;
  if (growth(low) >= 0) return null;
  for (let k = 1; k < RATES; k++) {
    const high = low * ratio;
    if (growth(high) > 0) return bisect(growth, low, high);
    low = high;
  }
  return null;
}

// The learning rate up to which the point that moves with eta is there, and stable; null where
// there is none (stable_branch_end there).
function stableBranchEnd(at, limit) {
  const low = at.p.M * BRANCH.from;
  const full = (flow, eta) => new Drift(flow, {...at.p, eta}, false);
  const exact = at.full.flow;
  if (!at.normalised && full(exact, low).at(limit).every((x) => Math.abs(x) < 1e-12 * low)) {
    return largestLearningRate(at, limit); // it does not move
  }
  let start = null;
  if (!at.normalised) start = stableRest(at, full(exact, low), limit);
  else { // L rests at a length of its own
    const small = new Stationary(at.flow, at.start, {...at.p, eta: low});
    start = small.rests([limit]).find((y) => y.every((x, i) => i === at.L
      || Math.abs(x - limit[i]) < NEAR) && isStable(small.full, y)) ?? null;
  }
  if (start === null) return null;
  let found = {eta: low, y: start, factor: BRANCH.step};
  if (at.flow.exact) found = climb(at, found, (eta) => full(at.flow, eta), 1e-3);
  if (at.flow.exact && found.ended) { // by the page's table; the last steps by the quadrature
    const eta = 0.98 * found.eta, y = stableRest(at, full(exact, eta), found.y);
    if (y !== null) found = {eta, y, factor: 1.01};
  }
  const end = at.flow.hasJacobian ? BRANCH.end : BRANCH.endByDifferences;
  found = climb(at, found, (eta) => full(exact, eta), end);
  return found.ended ? found.eta * Math.sqrt(found.factor) : null;
}

// Follow a branch up to where no step onward is longer than `end`.
function climb(at, {eta, y, factor}, driftAt, end) {
  while (eta < at.p.M * BRANCH.to) {
    const onward = stableRest(at, driftAt(eta * factor), y);
    if (onward !== null) {
      [eta, y, factor] = [eta * factor, onward, Math.min(BRANCH.step, factor ** 1.5)];
    } else if (factor - 1 > end) factor = Math.sqrt(factor);
    else return {eta, y, factor, ended: true};
  }
  return {eta, y, factor, ended: false};
}

// The stable point near a point of a neighbouring learning rate.
function stableRest(at, drift, y) {
  const root = newton(drift, y, at.everything, NEIGHBOUR, 1e3 * TOLERANCE);
  if (root === null || Math.abs(root[at.R] - y[at.R]) > NEAR) return null;
  if (Math.abs(Math.log(root[at.L] / y[at.L])) > 1) return null;
  const dy = drift.at(root), size = 1 + Math.max(...root.map(Math.abs));
  dy[at.L] /= root[at.L];
  const rests = dy.every((x) => Math.abs(x) < ZERO * drift.eta * size);
  return rests && isStable(drift, root) ? root : null;
}

const isStable = (drift, y) => eigenvalues(drift.jacobian(y))[0][0] < -1e-11 * drift.eta;

// eta Q / L^2, where gamma carries the scale; of a plain student eta itself.
function effectiveRate(at, eta, Q, L) {
  return at.scalars.includes("gamma") ? eta * Math.abs(Q) / L ** 2 : eta;
}

// eta_max, and the same as a learning rate at L = l0, of the end with the lowest error; null if
// it has none.
function learningRateBound(at, limits) {
  const upright = limits.filter((y) => at.scale(y) >= 0);
  const errors = upright.map((y) => Number(at.error(y).toFixed(9)));
  const best = upright[errors.indexOf(Math.min(...errors))];
  const find = at.normalised ? largestLearningRate : stableBranchEnd;
  const largest = best === undefined ? null : find(at, best);
  if (largest === null) return null;
  return {eta_max: effectiveRate(at, largest, at.scale(best), best[at.L]), largest_eta: largest};
}

// The power of time with which L grows at an attractor; null if it does not.
function lengthExponent(at, y) {
  const [near, far] = [1e3, 2e3].map((L) => at.full.at(y.with(at.L, L))[at.L]);
  return near > 0 && far > 0 ? 1 / (1 + Math.log2(near / far)) : null;
}
