// Where training ends, whether it stays there and how fast it arrives: odes/equilibria/fixed_points.py.
const NEUTRAL = 1e-7;

// All fixed points and attractors of a flow, with the one `reached` from the start, and whether
// the flow from there is "complete" or "diverged"; and the learning rates up to which the best
// end of training is stable, whether or not it is at this one.
function fixedPoints(flow, start, p) {
  const at = new Stationary(flow, start, p), limits = lastLimits(at);
  const found = markReached(at, allPoints(at, limits));
  return {...found, bound: learningRateBound(at, limits)};
}

// The limits of small learning rates do not know eta, nor of the squared loss the label noise:
// sliders of those, of the start and of time leave them where they are.
let LIMITS = {flow: null, key: "", limits: []};

function lastLimits(at) {
  const {zeta, gamma_rate, M, m, weight_decay} = at.p;
  const noise = at.flow.ofSignals ? at.p.S : 0;
  const key = JSON.stringify([zeta, gamma_rate, M, m, weight_decay, noise, at.normalised && at.start[at.L]]);
  if (LIMITS.flow !== at.flow || LIMITS.key !== key) {
    LIMITS = {flow: at.flow, key, limits: at.limits()};
  }
  return LIMITS.limits;
}

function allPoints(at, limits) {
  const bounds = [];
  limits.forEach((y) => { // a mirror image has the bounds of its original
    const twin = bounds.findIndex((_, j) => apart(at, at.mirror(y), limits[j]) < SAME);
    bounds.push(twin < 0 ? boundsOf(at, y) : bounds[twin]);
  });
  if (at.normalised && !at.p.weight_decay) {
    return limits.map((y, k) => limitPoint(at, y, bounds[k]));
  }
  const points = at.rests(limits).map((y) => {
    const distances = limits.map((limit) => apart(at, y, limit));
    const nearest = distances.indexOf(Math.min(...distances));
    return restPoint(at, y, limits[nearest], bounds[nearest]);
  });
  return arbitraryLengths(points);
}

// Learning rates up to which a point is stable: where it is in the limit, and as it moves.
function boundsOf(at, y) {
  const frozen = largestLearningRate(at, y), rests = !at.normalised || at.p.weight_decay > 0;
  return {frozen, moving: rests ? stableBranchEnd(at, y) : frozen};
}

function apart(at, x, y) {
  return Math.max(...x.slice(0, at.L).map((value, i) => Math.abs(value - y[i])));
}

// A point of a normalised student without weight decay.
function limitPoint(at, y, bound) {
  const within = (J) => submatrix(J, at.everything.slice(0, -1));
  if (!(at.growth(y) > NEUTRAL * at.p.eta * 1e-3)) {
    const J = at.full.jacobian(y);
    const stable = eigenvalues(within(J))[0][0] < 0;
    return point(at, y, null, "fixed-point", eigenvalues(J), stable, bound, y);
  }
  const slow = eigenvalues(within(at.first.jacobian(y)))[0][0];
  const values = eigenvalues(returnMatrix(at, y, at.p.eta));
  return point(at, y, null, "attractor", values, slow < -NEUTRAL * at.p.eta, bound, y);
}

// A point at which L rests as well.
function restPoint(at, y, limit, bound) {
  const values = eigenvalues(at.full.jacobian(y));
  const stable = values[0][0] < -NEUTRAL * at.p.eta * 1e-3;
  return point(at, y, y[at.L], "fixed-point", values, stable, bound, limit);
}

function point(at, y, L, kind, values, stable, bound, limit) {
  const eta = at.p.eta, Q = at.scale(y), etaEff = effectiveRate(at, eta, Q, y[at.L]);
  const rate = (value) => (value === null ? null
    : effectiveRate(at, value, at.scale(limit), limit[at.L]));
  let {frozen, moving: largest} = bound, etaMax = rate(largest);
  if (at.normalised) { // what bounds eta at the limit's length bounds eta Q / L^2 at any
    etaMax = rate(frozen);
    frozen = etaMax && etaEff ? eta * etaMax / etaEff : null;
    if (!at.p.weight_decay) largest = frozen;
  }
  const attractor = kind === "attractor";
  // Of a line of fixed points the direction along it does not move.
  const moving = L !== null || attractor ? values
    : [...values].sort((a, b) => Math.hypot(...a) - Math.hypot(...b)).slice(1);
  return {
    Q, R: y[at.R] + 0, L, kind, stable, eigenvalues: values, eta_eff: etaEff, eta_max: etaMax,
    largest_eta: largest, largest_eta_frozen: frozen,
    residual: attractor ? at.residual(y, at.quick, at.first)
      : at.residual(y, at.everything, at.full),
    error: at.error(y),
    length_exponent: attractor ? lengthExponent(at, y) : null,
    slow_rate: -Math.max(...moving.map(([real]) => real)),
    fast_rate: -Math.min(...moving.map(([real]) => real)),
    reached: false,
  };
}

// Points that differ in L alone are one line.
function arbitraryLengths(points) {
  const kept = [];
  for (const found of points) {
    const twin = kept.find((other) => Math.abs(other.Q - found.Q) < 10 * SAME
      && Math.abs(other.R - found.R) < 10 * SAME);
    if (!twin) kept.push(found);
    else if (twin.L !== found.L) {
      const others = [...found.eigenvalues].sort((a, b) => Math.hypot(...a) - Math.hypot(...b));
      Object.assign(twin, {L: null, stable: others.slice(1).every(([real]) => real < 0)});
    }
  }
  return kept;
}

// Follow the flow from the start, for some of the slowest stable time.
function markReached(at, points) {
  const rates = points.filter((x) => x.stable && x.slow_rate > 0).map((x) => x.slow_rate);
  const end = Math.min(1e5, Math.max(10, 20 / (rates.length ? Math.min(...rates) : 0.02)));
  const options = {rtol: 1e-6, atol: 1e-9, maxSteps: at.flow.hasJacobian ? 20000 : at.flow.ofSignals ? 2000 : 100};
  const way = integrate(at.flow.rough ?? at.flow, at.start, [end], at.p, options);
  if (way.status === "diverged") return {points, ending: "diverged", reached: null};
  const y = way.states.length ? way.states[0] : way.y, Q = at.scale(y);
  const away = points.map((x) => Math.max(Math.abs(Q - x.Q), Math.abs(y[at.R] - x.R)));
  const nearest = points[away.indexOf(Math.min(...away))] ?? null;
  const arrived = nearest !== null && Math.min(...away) < 0.1
    && (nearest.stable || nearest.L === null);
  if (arrived) nearest.reached = true;
  return {points, ending: "complete", reached: arrived ? nearest : null};
}
