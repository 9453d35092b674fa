// Moments of the signal of a loss of y - o, of a linear student and teacher:
// odes/kernels/signal_difference.py. The residual e = std x - shift is Gaussian, and u and v
// depend on it as Gaussians do. A signal that is linear between its kinks leaves incomplete
// moments of x, any other one integral. Student's noise is Gaussian given chi^2, in whose
// logarithm the trapezoid is taken.
const WIDEST = 20, DIFFERENCE_INTERVALS = 100;
// Wider than Python's, for 1e-11 in half the time.
const LOG_STEP = 0.38, LOG_STEP_MANY = 0.7, LOG_LEFT_OUT = 29;

function differenceMoments({loss, threshold, degrees}, powers) {
  const signal = (e) => loss.signal(e, 0, threshold), value = (e) => loss.loss(e, 0, threshold);
  const roots = borderRoots((x) => loss.borders(Math.sinh(x), 0, threshold), WIDEST,
    DIFFERENCE_INTERVALS).map(Math.sinh).sort((a, b) => a - b);
  const pieces = loss.linear ? piecesBetween(roots, signal, value) : null;
  const most = Math.max(...powers.map(([a]) => (a < 0 ? loss.growth + 1 : a * loss.growth)));
  const sums = new Float64Array(4), out = new Float64Array(powers.length);
  // Adds to `out` the moments with Gaussian noise of a variance, times a weight.
  const add = (q, shift, rho, noise, weight) => {
    const std = Math.sqrt((rho - q) ** 2 + Math.max(0, 1 - rho * rho) + noise);
    sums.fill(0);
    if (std > 0 && pieces) bySum(pieces, std, shift, weight, sums);
    else if (std > 0) byRule(roots, signal, value, std, shift, loss.polynomial, weight, sums);
    else sums.set([signal(-shift), 0, signal(-shift) ** 2, value(-shift)].map((x) => weight * x));
    const alongU = std > 0 ? (rho - q) / std : 0, alongV = std > 0 ? (1 - rho * q) / std : 0;
    powers.forEach(([a, b, c], m) => {
      out[m] += a < 0 ? sums[3] : a === 2 ? sums[2]
        : b ? alongU * sums[1] : c ? alongV * sums[1] : sums[0];
    });
  };
  return (q, shift, rho, noise) => {
    out.fill(0);
    if (Number.isFinite(degrees) && noise > 0) {
      overChi(degrees, most, out, (factor, weight) => add(q, shift, rho, noise * factor, weight));
    } else add(q, shift, rho, noise, 1);
    return Array.from(out);
  };
}

// The pieces between kinks, as polynomials: signal b0 + b1 e, loss c0 + c1 e + c2 e^2.
function piecesBetween(kinks, signal, value) {
  const ends = [-Infinity, ...kinks.filter((kink, i) => kink !== kinks[i - 1]), Infinity];
  return ends.slice(1).map((right, i) => {
    const left = ends[i], bounded = Number.isFinite(right - left);
    const width = bounded ? (right - left) / 4 : 1;
    const first = Number.isFinite(left) ? left + width
      : Number.isFinite(right) ? right - 3 * width : -1;
    const e = [first, first + width, first + 2 * width];
    const [s0, s1, s2] = e.map(signal), [l0, l1, l2] = e.map(value);
    // Of heavy noise a rounding error of 0 would be multiplied by a huge variance.
    const exact = (x, size) => (Math.abs(x) < 1e-12 * size ? 0 : x);
    const b1 = exact(s2 - s0, Math.abs(s2) + Math.abs(s0)) / (2 * width);
    const c2 = exact(l2 - 2 * l1 + l0, l0 + 2 * l1 + l2) / (2 * width * width);
    const c1 = (l2 - l0) / (2 * width) - 2 * c2 * e[1];
    return {left, right, b: [s1 - b1 * e[1], b1], c: [l1 - (c1 + c2 * e[1]) * e[1], c1, c2]};
  });
}

// E of the signal, of it times x, of its square and of the loss, into `sums`: by the incomplete
// moments m0, m1, m2 of x in every piece; over a narrow one, where these are small differences, by
// a rule.
const NARROW = 0.5;

function bySum(pieces, std, shift, weight, sums) {
  let below = 0, density = 0, times = 0; // at the piece's left end: mass, phi and x phi
  for (const piece of pieces) {
    const {left, right, b, c} = piece;
    let its = 1, itsDensity = 0, itsTimes = 0;
    if (right < Infinity) {
      const x = (right + shift) / std, tail = normalTail(Math.abs(x));
      its = x < 0 ? tail : 1 - tail;
      itsDensity = normalDensity(x);
      itsTimes = x * itsDensity;
    }
    if (right - left < NARROW * std) {
      addNarrow(piece, std, shift, weight, sums);
      [below, density, times] = [its, itsDensity, itsTimes];
      continue;
    }
    const m0 = weight * (its - below), m1 = weight * (density - itsDensity);
    const m2 = m0 + weight * (times - itsTimes), ex = std * m2 - shift * m1;
    const e1 = std * m1 - shift * m0, e2 = std * ex - shift * e1;
    sums[0] += b[0] * m0 + b[1] * e1;
    sums[1] += b[0] * m1 + b[1] * ex;
    sums[2] += b[0] * b[0] * m0 + 2 * b[0] * b[1] * e1 + b[1] * b[1] * e2;
    sums[3] += c[0] * m0 + c[1] * e1 + c[2] * e2;
    below = its;
    density = itsDensity;
    times = itsTimes;
  }
}

function addNarrow({left, right, b, c}, std, shift, weight, sums) {
  const half = (right - left) / 2 / std, middle = (right + left) / 2;
  for (let i = 0; i < LEGENDRE_NODES.length; i++) {
    const e = middle + std * half * LEGENDRE_NODES[i], x = (e + shift) / std;
    const share = weight * half * LEGENDRE_WEIGHTS[i] * normalDensity(x), delta = b[0] + b[1] * e;
    sums[0] += share * delta;
    sums[1] += share * delta * x;
    sums[2] += share * delta * delta;
    sums[3] += share * (c[0] + (c[1] + c[2] * e) * e);
  }
}

function byRule(kinks, signal, value, std, shift, polynomial, weight, sums) {
  const scale = polynomial ? STRAIGHT : 1 / Math.max(std, 1e-12);
  const centres = [0, ...kinks].map((kink) => [(kink + shift) / Math.max(std, 1e-12), scale]);
  const [nodes, weights] = gradedRule(centres);
  nodes.forEach((x, i) => {
    const e = std * x - shift, delta = signal(e), share = weight * weights[i];
    sums[0] += share * delta;
    sums[1] += share * delta * x;
    sums[2] += share * delta * delta;
    sums[3] += share * value(e);
  });
}

// The mean over chi^2 of moments that grow with the power `most` of the noise, whose factor is
// degrees / chi^2: `add(factor, weight)` adds to `out`.
function overChi(degrees, most, out, add) {
  const rest = degrees - most;
  if (!(rest > 0)) {
    out.fill(Infinity);
    return;
  }
  const step = Math.min(LOG_STEP, LOG_STEP_MANY * Math.sqrt(2 / degrees)), peak = Math.log(rest);
  const top = 0.5 * rest * peak - 0.5 * rest, half = degrees / 2, front = logGamma(half);
  for (const side of [1, -1]) {
    for (let k = side > 0 ? 0 : 1; ; k++) {
      const x = peak + side * k * step;
      if (0.5 * rest * x - 0.5 * Math.exp(x) < top - LOG_LEFT_OUT) break;
      const weight = step * Math.exp(half * (x - Math.LN2) - 0.5 * Math.exp(x) - front);
      add(degrees * Math.exp(-x), weight);
    }
  }
}
