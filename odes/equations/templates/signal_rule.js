// Averages of a loss's signal over one example: which rule, and how it is split and graded where
// the signal bends. odes/kernels/signal_rule.py and odes/derivation/signal_moments.py (rule_of).
// `setting` holds the printed records loss and activation, and labels ("teacher", "sign",
// "bernoulli") with the numbers threshold, sharpness and degrees (Infinity: Gaussian noise), and a
// key by which tables of this loss, activation and threshold are kept.
const PANEL = 4, STRAIGHT = 1e3, MOST_ROOTS = 8, PANELS_GROW = 4, ROOT_STEPS = 200;

// A function (q, shift, rho, noise) of the moments E[delta^a u^b v^c], for rows [a, b, c] of
// exponents with b + c at most 1; an a of -1 stands for the loss. `prepare` may tabulate it.
function signalAverages(setting, powers, shifted, prepare) {
  if (setting.labels !== "teacher") return classAverages(setting, powers, shifted, prepare);
  const moments = differenceMoments(setting, powers);
  return Number.isFinite(setting.degrees) ? recalled(moments) : moments;
}

// A slow function of a few numbers that keeps its values: a search over eta, and differences at a
// point that rests, ask for the same ones again and again.
const MOST_RECALLED = 4000;

function recalled(f) {
  const known = new Map();
  return (...numbers) => {
    const key = numbers.join();
    let value = known.get(key);
    if (value === undefined) {
      if (known.size >= MOST_RECALLED) known.clear();
      known.set(key, value = f(...numbers));
    }
    return value;
  };
}

// The normal law's mass beyond x >= 0: exp(-x^2/2) times a polynomial in 2/(2 + x/sqrt 2), which
// is fitted once to series and continued fraction.
const TAIL_NODES = 22, TAIL = tailCoefficients();

function tailCoefficients() {
  const values = Array.from({length: TAIL_NODES}, (_, i) => {
    const t = 0.5 + 0.5 * Math.cos(Math.PI * (i + 0.5) / TAIL_NODES), x = 2 / t - 2;
    let fraction = x;
    for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
    const scaled = x < 2.5 ? Math.exp(x * x) * (1 - erf(x)) : 1 / (Math.sqrt(Math.PI) * fraction);
    return 0.5 * scaled / t;
  });
  return values.map((_, k) => (k === 0 ? 1 : 2) / TAIL_NODES * values.reduce((sum, value, i) =>
    sum + value * Math.cos(Math.PI * k * (i + 0.5) / TAIL_NODES), 0));
}

function normalTail(x) {
  const z = x * Math.SQRT1_2, t = 2 / (2 + z), y = 2 * (2 * t - 1);
  let ahead = 0, here = 0;
  for (let k = TAIL_NODES - 1; k > 0; k--) {
    const next = y * here - ahead + TAIL[k];
    ahead = here;
    here = next;
  }
  return t * Math.exp(-z * z) * (0.5 * y * here - ahead + TAIL[0]);
}

const normalDensity = (x) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);

// Where the values of a function of x, by border, change their sign within [-reach, reach].
function borderRoots(borders, reach, intervals) {
  const roots = [], step = 2 * reach / intervals, found = [];
  let before = borders(-reach);
  for (let i = 1; before.length && i <= intervals; i++) {
    const x = -reach + i * step, here = borders(x);
    here.forEach((value, b) => {
      if (!(before[b] * value <= 0 && value !== 0 && !(found[b] >= MOST_ROOTS))) return;
      roots.push(rootBetween((z) => borders(z)[b], x - step, x, before[b], value));
      found[b] = (found[b] ?? 0) + 1;
    });
    before = here;
  }
  return roots;
}

// Secants, and halvings where an end stays for long.
function rootBetween(f, left, right, atLeft, atRight) {
  const small = 1e-15 * Math.max(Math.abs(atLeft), Math.abs(atRight));
  let middle = left;
  for (let k = 0; k < ROOT_STEPS; k++) {
    middle = k % 3 === 2 ? 0.5 * (left + right)
      : (left * atRight - right * atLeft) / (atRight - atLeft);
    if (!(left < middle && middle < right)) break;
    const here = f(middle);
    if (Math.abs(here) <= small) break;
    if (atLeft * here > 0) [left, atLeft] = [middle, here];
    else [right, atRight] = [middle, here];
  }
  return Math.min(right, Math.max(left, middle));
}

// The rule split at centres, and graded around each from its scale on: rows [centre, scale].
function gradedRule(bends) {
  const cuts = [];
  bends.forEach(([centre, scale], c) => {
    const same = bends.some(([other, its], k) => (its < scale || (its === scale && k < c))
      && Math.abs(other - centre) < 1e-9 * its); // as another, graded from a shorter scale on
    if (same || Math.abs(centre) > 2 * REACH) return;
    cuts.push(centre);
    let away = FIELD_PANEL * Math.max(scale, 1e-12);
    if (away >= PANEL) return;
    for (; away < 2 * REACH; away *= PANELS_GROW) cuts.push(centre - away, centre + away);
  });
  return normalRule(cuts.sort((a, b) => a - b), PANEL);
}
