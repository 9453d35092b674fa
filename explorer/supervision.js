// What a student is trained with: loss, labels and the law of their noise. Each is a kind in the
// state, some with a number, whose slider has a name of its own.
const NUMBERED = {
  loss: ["huber", "threshold"], labels: ["bernoulli", "sharpness"], noise_law: ["student-t", "degrees"],
};
const USUAL = {loss: "squared", labels: "teacher", noise_law: "gaussian"};
// Where sliders of numbers begin.
const NUMBERS = {threshold: 1, sharpness: 2, degrees: 4};
const CHOICES = {
  loss: Object.keys(LOSSES).length ? Object.keys(LOSSES) : ["squared"],
  labels: Object.keys(LOSSES).length ? ["teacher", "sign", "bernoulli"] : ["teacher"],
  noise_law: Object.keys(LOSSES).length ? ["gaussian", "student-t"] : ["gaussian"],
};

// "huber:1.5" as {loss: "huber", threshold: 1.5}: a part of a state; null for what is no number.
function understood(name, text) {
  const [kind, number] = NUMBERED[name];
  if (!text.startsWith(`${kind}:`)) return {[name]: text};
  const value = Number(text.slice(kind.length + 1));
  return value > 0 && Number.isFinite(value) ? {[name]: kind, [number]: value} : null;
}

// The name that commands and addresses give it: the inverse.
function named(name, state) {
  const [kind, number] = NUMBERED[name];
  return state[name] === kind ? `${kind}:${state[number]}` : state[name];
}

// Loss, labels and noise law of a problem, or of the tables of a batch scheme.
function supervisionOf(problem) {
  return Object.assign({...NUMBERS},
    ...Object.keys(USUAL).map((name) => understood(name, problem[name] ?? USUAL[name])));
}

const ofClasses = (state) => state.labels !== "teacher";
const isUsual = (state) => Object.entries(USUAL).every(([name, value]) => state[name] === value);

// The part of an entry that has a state's flow: its source's key, and the least batch size.
function partOf(state) {
  const entry = entryOf(state);
  return isUsual(state) ? entry : entry.usesBatch ? heldBy(state) : entry.signal;
}

// The tables of a batch scheme for a state's loss and labels, whatever their numbers; else null.
function heldBy(state) {
  const {held} = entryOf(state), own = held && supervisionOf(held);
  return own && Object.keys(USUAL).every((name) => own[name] === state[name]) ? held : null;
}

// Numbers of which a batch scheme's tables are: they have no choice.
function fixedNumbers(state) {
  const held = !isUsual(state) && entryOf(state).usesBatch && heldBy(state);
  if (!held) return {};
  const {threshold, sharpness, degrees} = supervisionOf(held);
  return {threshold, sharpness, degrees, noise: held.noise};
}

// A state with another choice; noise is that of the teacher's labels alone.
function asChosen(name, value, state) {
  const chosen = {...state, [name]: value};
  return ofClasses(chosen) ? {...chosen, noise_law: name === "noise_law" ? value : "gaussian"} : chosen;
}

// Why the page has no flow for a choice; empty where it has one.
function notOffered(state) {
  const entry = entryOf(state), loss = LOSSES[state.loss];
  if (isUsual(state)) return "";
  if (!loss) return "this page holds the squared loss of teacher labels alone";
  if (loss.ofClasses && !ofClasses(state)) {
    return "logistic and hinge read labels as two classes, sign or bernoulli";
  }
  if (entry.usesBatch) {
    return heldBy(state) ? "" : "this page holds no tables of such batches; "
      + `bntheory explore ${problemOptions(state)} makes one that does`;
  }
  if (ofClasses(state)) {
    return state.noise_law === "gaussian" ? "" : "classes have no noise";
  }
  if (!ACTIVATIONS[state.activation].identity || !loss.difference) {
    return "for this loss, labels of the teacher leave a many-fold integral, too slow for a slider, but "
      + "for the activation identity; sign and bernoulli go with all";
  }
  return state.noise_law === "student-t" && !loss.linear
    ? "of this loss the average over Student's noise is too slow for a slider" : "";
}

function problemOptions(state) {
  return [`--scheme ${quoted(state.scheme)}`, `--activation ${quoted(state.activation)}`,
    ...supervisionOptions(state)].join(" ");
}

// The options that say what is not usual.
function supervisionOptions(state) {
  return Object.keys(USUAL).filter((name) => state[name] !== USUAL[name])
    .map((name) => `--${name.replace("_", "-")} ${quoted(named(name, state))}`);
}

// What the rules of averages take (odes/equations/templates/signal_rule.js).
function settingOf(state) {
  const {labels, threshold, sharpness} = state;
  const key = [state.activation, state.loss, state.loss === "huber" ? threshold : ""].join("|");
  return {loss: LOSSES[state.loss], activation: ACTIVATIONS[state.activation], labels, threshold,
    sharpness, key, degrees: state.noise_law === "student-t" ? state.degrees : Infinity};
}

// Whether the loss can be made as small as one likes, by a student that is aligned and ever larger.
const isSeparable = (state) => state.labels === "sign" && state.loss === "logistic"
  && state.activation === "identity" && !entryOf(state).usesBatch
  && !state.weight_decay && !decay(state);

// How often a student of classes is wrong: its field's sign is not the teacher's.
function error01Of(Q, R) {
  return Math.acos(Math.min(1, Math.max(-1, Q < 0 ? -R : R))) / Math.PI;
}
