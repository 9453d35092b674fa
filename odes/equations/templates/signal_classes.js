// Moments of the signal where labels are classes, -1 or 1: odes/kernels/signal_classes.py.
// Given the student's u the teacher's field is N(rho u, T^2), T^2 = 1 - rho^2: what is left is one
// integral over u, of the signal times the label's probability, or times the mean of v within it.
const CLASS_INTERVALS = 64, NEVER = 1e-30, CERTAIN = 11.5;
// The table of signs: nodes of angle and scale, the largest scale, and what it may be off by; it
// holds what drifts ask for, and the loss.
const CLASS_TABLE = {sizes: [40, 64], largest: 4, error: 1e-9};
const CLASS_ROWS = [[2, 0, 0], [1, 1, 0], [1, 0, 1], [-1, 0, 0]];


// Bernoulli labels are signs of v + x/K with x logistic. A logistic number is a normal one times s,
// where s/2 follows Kolmogorov's law (Andrews and Mallows 1974): these are nodes of s and their
// probability, by the trapezoid in log s, to rounding.
const LOGISTIC_STEP = 0.12, [LOGISTIC_SPREADS, LOGISTIC_WEIGHTS] = logisticMixture();

function logisticMixture() {
  const x = Array.from({length: 28}, (_, i) => 0.16 * Math.exp(i * LOGISTIC_STEP));
  const weight = (half) => LOGISTIC_STEP * half * kolmogorov(half);
  const kept = x.filter((half) => weight(half) > 1e-14);
  return [kept.map((half) => 2 * half), kept.map(weight)];
}

function kolmogorov(x) {
  let sum = 0;
  for (let k = 30; k > 0; k--) {
    const a = ((2 * k - 1) * Math.PI) ** 2 / 8;
    sum += x < 0.8 ? Math.sqrt(2 * Math.PI) * Math.exp(-a / x ** 2) * (2 * a / x ** 4 - 1 / x ** 2)
      : 8 * x * (k % 2 ? 1 : -1) * k * k * Math.exp(-2 * k * k * x * x);
  }
  return sum;
}

// The moments as a function of (q, shift, rho). What `prepare` may tabulate is those of signs:
// Bernoulli labels of any K are a mean over them, at rho/sqrt(1 + s^2/K^2).
function classAverages(setting, powers, shifted, prepare) {
  const rows = [...CLASS_ROWS], signs = {...setting, labels: "sign"};
  const place = ([a, b, c]) => { // of a row, which is put behind the others if it is new
    const i = rows.findIndex((row) => row[0] === a && row[1] === b && row[2] === c);
    return i < 0 ? rows.push([a, b, c]) - 1 : i;
  };
  const own = powers.map(([a, b, c]) => (c ? [place([a, 1, 0]), place([a, 0, 1])] : [place([a, b, c])]));
  const direct = recalled((q, shift, rho) => classMoments(setting, powers, q, shift, rho));
  const exact = (q, shift, rho) => classMoments(signs, rows, q, shift, rho);
  const known = prepare(exact, shifted, {...CLASS_TABLE, key: `${setting.key}|${rows.join(";")}`});
  if (known === exact) return (q, shift, rho) => direct(q, shift, rho);
  if (setting.labels === "sign") {
    return (q, shift, rho) => {
      if (!known.holds(q)) return direct(q, shift, rho);
      const found = known(q, shift, rho);
      return own.map((places) => found[places.at(-1)]);
    };
  }
  return mixed(known, direct, own, setting.sharpness);
}

function mixed(known, direct, own, K) {
  return (q, shift, rho) => {
    if (!known.holds(q)) return direct(q, shift, rho);
    const out = new Array(own.length).fill(0), signs = known.along(q);
    LOGISTIC_SPREADS.forEach((s, k) => {
      // Of a sign's field v'' of variance 1: v = alongU u + alongV v'' in the mean.
      const kept = 1 / Math.sqrt(1 + (s / K) ** 2), its = rho * kept, rest = 1 - its * its;
      const alongU = rho * (1 - kept * kept) / rest, alongV = kept * (1 - rho * rho) / rest;
      const found = signs(its);
      own.forEach(([first, second], m) => {
        const mean = second === undefined ? found[first]
          : alongU * found[first] + alongV * found[second];
        out[m] += LOGISTIC_WEIGHTS[k] * mean;
      });
    });
    return out;
  };
}

// E[1; y] and E[v; y], as [of y = -1, of y = 1] each, of v = N(mean, across^2) and labels that are
// signs of v plus a normal number of variance blur^2; added with a weight.
function addMeans(mean, across, blur, weight, out) {
  const width = Math.sqrt(across * across + blur * blur), ratio = mean / Math.max(width, 1e-300);
  let density = 0, small = 0;
  if (Math.abs(ratio) < CERTAIN) {
    density = weight * across * (across / width) * normalDensity(ratio);
    small = weight * normalTail(Math.abs(ratio));
  }
  const up = ratio < 0 ? small : weight - small, down = ratio < 0 ? weight - small : small;
  out[0] += down;
  out[1] += up;
  out[2] += mean * down - density;
  out[3] += mean * up + density;
}

// The means of both labels given the student's u, at mean = rho u.
function classMeans(signs, sharpness, mean, across, out) {
  out.fill(0);
  if (signs) {
    addMeans(mean, across, 0, 1, out);
    return;
  }
  for (let k = 0; k < LOGISTIC_SPREADS.length; k++) {
    addMeans(mean, across, LOGISTIC_SPREADS[k] / sharpness, LOGISTIC_WEIGHTS[k], out);
  }
}

// Where the integrand over u has a kink or bends, and over what length.
function classBends({loss, activation, threshold}, q, shift) {
  if (!(q > 1e-12)) return [];
  const scale = loss.polynomial && activation.polynomial ? STRAIGHT : 1 / q;
  const bends = [...activation.kinks, 0].map((kink) => [(kink - shift) / q, scale]);
  if (!loss.borders(1, 0, threshold).length) return bends;
  for (const y of [-1, 1]) {
    const borders = (u) => loss.borders(y, activation.activation(shift + q * u)[0], threshold);
    for (const root of borderRoots(borders, REACH, CLASS_INTERVALS)) bends.push([root, scale]);
  }
  return bends;
}

function classMoments(setting, powers, q, shift, rho) {
  const {loss, activation, labels, threshold, sharpness} = setting, signs = labels === "sign";
  const across = Math.sqrt(Math.max(0, 1 - rho * rho));
  const width = signs ? across : Math.hypot(across, 1 / sharpness);
  const bends = [...classBends(setting, q, shift), [0, width / Math.max(Math.abs(rho), 1e-12)]];
  const [nodes, weights] = gradedRule(bends), count = powers.length, at = new Float64Array(4);
  const ofDelta = powers.map(([a]) => a), ofU = powers.map((row) => row[1]);
  const ofV = powers.map((row) => row[2]), out = new Array(count).fill(0);
  for (let i = 0; i < nodes.length; i++) {
    const u = nodes[i], output = activation.activation(shift + q * u);
    classMeans(signs, sharpness, rho * u, across, at);
    for (let k = 0; k < 2; k++) {
      if (at[k] < NEVER) continue;
      const y = 2 * k - 1, delta = output[1] * loss.signal(y, output[0], threshold);
      for (let m = 0; m < count; m++) {
        const a = ofDelta[m];
        let factor = weights[i] * at[k + 2 * ofV[m]];
        if (a < 0) factor *= loss.loss(y, output[0], threshold);
        else for (let n = 0; n < a; n++) factor *= delta;
        out[m] += ofU[m] ? factor * u : factor;
      }
    }
  }
  return out;
}
