// What the page is asked: a scheme, an activation and some numbers, each with its slider.

const steps = (low, high, step) => Array.from({length: Math.round((high - low) / step) + 1},
  (_, i) => Number((low + i * step).toFixed(6)));
const ratios = (low, high, count) => Array.from({length: count + 1},
  (_, i) => Number((low * (high / low) ** (i / count)).toPrecision(3)));

// By the name of the problem's parameter; `time` is the end of the run.
const SLIDERS = {
  eta: {symbol: "η", label: "learning rate", values: ratios(0.01, 20, 160)},
  batch_size: {symbol: "M", label: "batch size", values: null},
  statistics_size: {symbol: "m", label: "statistics size", values: null},
  momentum: {symbol: "β", label: "momentum (limit of large N)",
    values: [...steps(0, 0.9, 0.02), ...steps(0.91, 0.99, 0.01)]},
  zeta: {symbol: "ζ", label: "decay of γ", values: steps(0, 1, 0.01)},
  noise: {symbol: "S", label: "label noise", values: steps(0, 1, 0.01)},
  threshold: {symbol: "C", label: "threshold of huber", values: ratios(0.01, 10, 90)},
  sharpness: {symbol: "K", label: "sharpness of bernoulli", values: ratios(0.1, 40, 90)},
  degrees: {symbol: "ν", label: "degrees of freedom", values: ratios(0.5, 100, 92)},
  weight_decay: {symbol: "λ", label: "weight decay", values: [0, ...ratios(0.001, 1, 60)]},
  q0: {symbol: "Q", label: "at start", values: steps(0.1, 2.5, 0.05)},
  r0: {symbol: "R", label: "at start", values: steps(-1, 1, 0.02)},
  l0: {symbol: "L", label: "at start", values: ratios(0.2, 5, 60)},
  time: {symbol: "T", label: "time shown", values: ratios(1, 1000, 120)},
};
const SIZES = ["batch_size", "statistics_size"];
// Of the problem that the page was made of: they have no control, but are in addresses and commands.
const FLAGS = ["nesterov", "decoupled_decay"];
const POINTS = 201;

const entryOf = (state) => ENTRIES[`${state.activation}/${state.scheme}`];

// The values a slider has in a state: batch sizes differ from scheme to scheme, and the statistics
// are those of equal parts of a batch.
function sliderValues(name, state) {
  const {batchSizes} = entryOf(state), M = state.batch_size;
  if (name === "batch_size") return batchSizes;
  const least = name === "degrees" ? leastDegrees(state) : -Infinity;
  if (name !== "statistics_size") return SLIDERS[name].values.filter((value) => value > least);
  return [...batchSizes.filter((m) => m < M && M % m === 0), M];
}

// Of noise with fewer degrees of freedom a signal that grows has no mean square.
const leastDegrees = (state) => (LOSSES[state.loss] ? 2 * LOSSES[state.loss].growth : 0);

function withDegrees(state) {
  const enough = state.noise_law !== "student-t" || state.degrees > leastDegrees(state);
  return enough ? state : {...state, degrees: sliderValues("degrees", state)[0]};
}

const nearest = (values, x) => values.reduce(
  (best, value, i) => (Math.abs(value - x) < Math.abs(values[best] - x) ? i : best), 0);

// Whether a number plays a part: a student without gamma has no decay and no length of its own,
// and one without batch statistics needs their size only for a decay that imitates them.
function applies(name, state) {
  const {gamma, usesBatch} = entryOf(state);
  if (name === "statistics_size") return usesBatch || (gamma && state.zeta === "auto");
  if (name === "noise") return !ofClasses(state);
  const choice = Object.keys(NUMBERED).find((kind) => NUMBERED[kind][1] === name);
  if (choice) return state[choice] === NUMBERED[choice][0];
  return gamma || (name !== "zeta" && name !== "l0");
}

// Whether a decay that imitates batch statistics is offered: with those themselves it counts twice,
// and it is known for the squared loss alone.
const offersAuto = (state) => applies("zeta", state) && !entryOf(state).usesBatch && isUsual(state);

// How many examples share batch statistics: all of a batch unless the state says otherwise.
function statisticsOf(state) {
  return (applies("statistics_size", state) && state.statistics_size) || state.batch_size;
}

// The state with sizes that the page has. Statistics of all M examples stay so when M changes.
function fitted(state) {
  const near = (value, values) => (values.includes(value) ? value : values[nearest(values, value)]);
  const fit = {...state, ...(ofClasses(state) ? {noise_law: "gaussian"} : {})};
  Object.assign(fit, fixedNumbers(fit));
  fit.batch_size = near(fit.batch_size, sliderValues("batch_size", fit));
  const m = fit.statistics_size && near(fit.statistics_size, sliderValues("statistics_size", fit));
  if (fit.zeta === "auto" && !offersAuto(fit)) fit.zeta = 0;
  return {...withDegrees(fit), statistics_size: m && m < fit.batch_size ? m : null};
}

function initialState(problem, time = 20) {
  const {activation, scheme, gamma_rate, nesterov, decoupled_decay} = problem;
  const state = {activation, scheme, ...supervisionOf(problem), gamma_rate, nesterov, decoupled_decay, time};
  for (const name of Object.keys(SLIDERS)) if (name in problem) state[name] = problem[name];
  return state;
}

// The decay as a number; "auto" is what batch normalisation implies, to first order in 1/m.
function decay(state) {
  if (!applies("zeta", state)) return 0;
  return state.zeta === "auto" ? entryOf(state).autoZeta / statisticsOf(state) : state.zeta;
}

// What the flow knows of momentum: the limit of large N, where a gradient moves the weights by
// eta / (1 - momentum) times itself. Decoupled decay does not grow with that.
function limitOf(state) {
  const rest = 1 - state.momentum;
  return {eta: state.eta / rest,
    weight_decay: state.weight_decay * (state.decoupled_decay ? rest : 1)};
}

// The state as the address's fragment, and back; what is not understood is left as it was.
function toHash(state) {
  const said = {...state, statistics_size: state.statistics_size ?? state.batch_size};
  for (const [name, [, number]] of Object.entries(NUMBERED)) {
    said[name] = named(name, state);
    delete said[number];
  }
  return "#" + new URLSearchParams(Object.entries(said)).toString();
}

function fromHash(hash, state) {
  const found = {...state}, said = new URLSearchParams(hash.slice(1));
  // A batch size alone, as in addresses of pages that had no other, is one of whole batches.
  if (said.has("batch_size")) found.statistics_size = null;
  for (const [name, text] of said) {
    const value = Number(text);
    if (name === "zeta" && text === "auto") found.zeta = "auto";
    else if (FLAGS.includes(name)) found[name] = text === "true";
    else if (name in SLIDERS && text !== "" && allowed(name, value)) found[name] = value;
    else if (name === "scheme" || name === "activation") found[name] = text;
    else if (name in USUAL) Object.assign(found, understood(name, text));
  }
  if (found.statistics_size === found.batch_size) found.statistics_size = null;
  return checked(found, state);
}

// A state from outside, with what the page does not hold left as it was.
function checked(found, state) {
  if (Object.keys(USUAL).some((name) => !CHOICES[name].includes(found[name]))) {
    for (const name of [...Object.keys(USUAL), ...Object.keys(NUMBERS)]) found[name] = state[name];
  }
  if (!entryOf(found)) Object.assign(found, {scheme: state.scheme, activation: state.activation});
  if (notOffered(found)) Object.assign(found, USUAL);
  if (ofClasses(found)) found.noise_law = USUAL.noise_law;
  Object.assign(found, fixedNumbers(found));
  if (found.zeta === "auto" && !offersAuto(found)) found.zeta = 0;
  return withDegrees(found);
}

function allowed(name, value) {
  if (!Number.isFinite(value)) return false;
  if (name === "r0") return Math.abs(value) <= 1;
  if (name === "momentum") return value >= 0 && value < 1;
  if (SIZES.includes(name)) return Number.isInteger(value) && value > 0;
  if (name === "time") return value > 0 && value <= 1e5;
  return ["eta", "q0", "l0", ...Object.keys(NUMBERS)].includes(name) ? value > 0 : value >= 0;
}
