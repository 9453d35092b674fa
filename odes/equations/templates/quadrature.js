// Integrals over a standard normal: composite Gauss-Legendre on [-8, 8], split at cuts.
// The rule of teacher_student/normal_quadrature.py: panels of at most 2, 20 nodes each.
// A student's rule is graded where a panel would be longer than FIELD_PANEL in units of the field.
const REACH = 8, FINE = 2, FIELD_PANEL = 4;
const [LEGENDRE_NODES, LEGENDRE_WEIGHTS] = legendreRule(20);
const SMOOTH_RULE = normalRule([], FINE), [SMOOTH_NODES, SMOOTH_WEIGHTS] = SMOOTH_RULE;

// Nodes and weights on [-1, 1]: Newton's iteration on the Legendre polynomial.
function legendreRule(size) {
  const nodes = [], weights = [];
  for (let i = 0; i < size; i++) {
    let x = -Math.cos(Math.PI * (i + 0.75) / (size + 0.5)), slope = 1;
    for (let k = 0; k < 10; k++) {
      let before = 1, p = x;
      for (let n = 2; n <= size; n++) [before, p] = [p, ((2 * n - 1) * x * p - (n - 1) * before) / n];
      slope = size * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    nodes.push(x);
    weights.push(2 / ((1 - x * x) * slope * slope));
  }
  return [nodes, weights];
}

// Nodes and weights (density included) of a rule split at sorted cuts.
function normalRule(cuts, panel) {
  const nodes = [], weights = [];
  let left = -REACH;
  for (const cut of [...cuts, REACH]) {
    const right = Math.min(REACH, Math.max(-REACH, cut));
    if (right <= left) continue;
    const panels = Math.ceil((right - left) / panel), half = 0.5 * (right - left) / panels;
    for (let k = 0; k < panels; k++) {
      for (let i = 0; i < LEGENDRE_NODES.length; i++) {
        const u = left + (2 * k + 1) * half + half * LEGENDRE_NODES[i];
        nodes.push(u);
        weights.push(half * LEGENDRE_WEIGHTS[i] * Math.exp(-0.5 * u * u) / Math.sqrt(2 * Math.PI));
      }
    }
    left = right;
  }
  return [nodes, weights];
}

// The rule split where shift + scale u meets a kink; not split if it does not move.
function splitRule(kinks, shift, scale, panel) {
  if (Math.abs(scale) <= 1e-12) return SMOOTH_RULE;
  return normalRule(kinks.map((kink) => (kink - shift) / scale).sort((a, b) => a - b), panel);
}

// The rule for functions of u and of the field shift + scale u: see student_rule of that module.
function studentRule(kinks, shift, scale, panel) {
  if (panel * Math.abs(scale) <= FIELD_PANEL) {
    return kinks.length ? splitRule(kinks, shift, scale, panel) : SMOOTH_RULE;
  }
  const cuts = [];
  for (const centre of [...kinks, 0]) {
    const at = (centre - shift) / scale;
    cuts.push(at);
    for (let away = FIELD_PANEL / Math.abs(scale); away < 2 * REACH; away *= 2) cuts.push(at - away, at + away);
  }
  return normalRule(cuts.sort((a, b) => a - b), panel);
}

// A function of rho and of a node u that keeps its last values: differences by R, and a search
// over eta, ask for the same few rho again and again, and for the smooth rule's nodes.
function remembered(f) {
  const known = new Map();
  let last = NaN, averages = [], next = 0;
  return (rho, u) => {
    // Nodes are asked for one after the other.
    const i = SMOOTH_NODES[next] === u ? next : SMOOTH_NODES.indexOf(u);
    if (i < 0) return f(rho, u);
    next = (i + 1) % SMOOTH_NODES.length;
    if (rho !== last) {
      if (!known.has(rho)) {
        if (known.size >= 16) known.clear();
        known.set(rho, []);
      }
      last = rho;
      averages = known.get(rho);
    }
    return averages[i] ?? (averages[i] = f(rho, u));
  };
}
