// From a state to everything that is shown: the flow, where it ends, and the rates.

// Explicit steps after which the page leaves the rest to the command's implicit method.
const MOST_STEPS = 4000;
const FLOW_CACHE = new Map(), TABLE_CACHE = {}, MOST_FLOWS = 16;
// How far a table reaches that is to find roots, which are then moved to where they are, and what
// it may be off by.
const ROUGH = {largest: 60, error: 1e-2};

// The flow of a state's formulas; sliders of a loss's numbers leave many, of which the last are kept.
function flowOf(state) {
  const {key} = partOf(state), signals = !isUsual(state);
  const name = signals ? [key, ...Object.keys(USUAL).map((of) => named(of, state))].join("|") : key;
  if (!FLOW_CACHE.has(name)) {
    if (FLOW_CACHE.size >= MOST_FLOWS) FLOW_CACHE.delete(FLOW_CACHE.keys().next().value);
    FLOW_CACHE.set(name, signals ? signalFlow(FLOWS[key], settingOf(state)) : plainFlow(FLOWS[key]));
  }
  return FLOW_CACHE.get(name);
}

function plainFlow(make) {
  let tables = 0;
  const flow = make((moments, shifted) => { tables++; return tabulated(moments, shifted); });
  // A batch scheme's only quadrature is that of the error, which no derivative is taken of.
  if (tables && !flow.hasTable) flow.exact = make((moments) => moments);
  return flow;
}

// Of another loss or other labels: `rough` finds roots, `exact` takes derivatives, and the flow
// itself has tables only where they are as exact as an integrator is.
function signalFlow(make, setting) {
  const loose = (moments, shifted, axes) => tabulated(moments, shifted,
    axes && {...axes, ...ROUGH, key: `${axes.key}|rough`});
  const direct = (moments) => moments, flow = make(tabulated, setting);
  if (!flow.hasTable && ofClasses(setting)) {
    Object.assign(flow, {exact: make(direct, setting), rough: make(loose, setting)});
    flow.rough.farthest = ROUGH.largest;
  }
  const known = ofClasses(setting) || (setting.activation.identity && setting.loss.difference);
  flow.expectedLoss = known ? signalAverages(setting, [[-1, 0, 0]], false, tabulated) : () => [NaN];
  return flow;
}

// A table as Float64Array, from its base64; null if the page has none.
function tableOf(name) {
  if (!(name in TABLES)) return null;
  TABLE_CACHE[name] ??= new Float64Array(
    Uint8Array.from(atob(TABLES[name]), (character) => character.charCodeAt(0)).buffer);
  return TABLE_CACHE[name];
}

// Why there is no theory for a state; empty where there is.
function refusal(state) {
  const {scheme, activation, batch_size: M} = state, none = notOffered(state);
  if (none) return `${scheme} with ${activation}: ${none}.`;
  const part = partOf(state), m = statisticsOf(state), flow = flowOf(state), whole = m === M;
  const who = `${scheme} with ${activation} and M = ${M}${whole ? "" : `, m = ${m}`}`;
  if (M % m !== 0) return `${who}: groups of a batch are equally large; m divides M.`;
  if (m < part.least) return `${who}: ${part.refused}.`;
  if (flow.hasTable && tableOf(`${part.key}/${m}`) === null) {
    const whose = isUsual(state) ? "" : `${problemOptions(state)} `;
    return `${who}: this page holds no table for ${
      whole ? "this batch size" : "statistics of this size"}; bntheory explore ${whose}--batch-sizes ${
      whole ? M : `${m},${M}`} makes a page that does.`;
  }
  return "";
}

function startOf(state, flow) {
  const values = {gamma: state.q0, R: state.r0, L: entryOf(state).gamma ? state.l0 : state.q0};
  return flow.names.map((name) => values[name]);
}

function parametersOf(state) {
  return {
    ...limitOf(state), gamma_rate: state.gamma_rate, zeta: decay(state),
    S: ofClasses(state) ? 0 : state.noise,
    M: state.batch_size, m: statisticsOf(state),
    table: tableOf(`${partOf(state).key}/${statisticsOf(state)}`),
  };
}

// The curves: columns over time, as far as the flow goes.
function curves(state) {
  const flow = flowOf(state);
  const times = Array.from({length: POINTS}, (_, i) => state.time * i / (POINTS - 1));
  const way = integrate(flow, startOf(state, flow), times, parametersOf(state),
    {maxSteps: MOST_STEPS});
  const {eta} = limitOf(state);
  const columns = {t: times.slice(0, way.states.length), Q: [], R: [], L: [], error: [], eta_eff: []};
  for (const y of way.states) {
    const [Q, error] = flow.observables(y), L = y[flow.place.L];
    columns.Q.push(Q);
    columns.R.push(y[flow.place.R]);
    columns.L.push(L);
    columns.error.push(error);
    columns.eta_eff.push(entryOf(state).gamma ? eta * Math.abs(Q) / L ** 2 : eta);
  }
  addLosses(state, flow, columns);
  return {status: way.status, reachedTime: way.t, columns, hasRange: flow.hasRange};
}

// The 0-1 error of classes, and the expected loss, of a flow's columns; the usual loss has neither.
function addLosses(state, flow, columns) {
  if (isUsual(state)) return;
  const {Q, R} = columns;
  const lossAt = lossOf(state, flow);
  columns.expected_loss = Q.map((scale, i) => lossAt(scale, R[i]));
  if (ofClasses(state)) columns.error01 = Q.map((scale, i) => error01Of(scale, R[i]));
}

// The expected loss as a function of scale and overlap; null where it is infinite.
function lossOf(state, flow) {
  const [, shift] = flow.field(startOf(state, flow)), {S} = parametersOf(state);
  return (Q, R) => {
    const [value] = flow.expectedLoss(Math.abs(Q), shift, Q >= 0 ? R : -R, S);
    return Number.isFinite(value) ? value : null;
  };
}

// The same of fixed points.
function addLossesTo(state, flow, points) {
  if (isUsual(state)) return;
  const lossAt = lossOf(state, flow);
  for (const point of points) {
    point.expected_loss = lossAt(point.Q, point.R);
    if (ofClasses(state)) point.error01 = error01Of(point.Q, point.R);
  }
}

// Learning rates in the state's own units; those of the flow are of the limit.
function inRatesOf(state, {points, reached, bound}) {
  const rest = 1 - state.momentum;
  for (const row of new Set([...points, reached, bound].filter(Boolean))) {
    for (const name of ["largest_eta", "largest_eta_frozen"]) {
      if (row[name]) row[name] *= rest;
    }
  }
}

// Everything that is shown. `point` is where training ends, else the first stable point.
function solve(state) {
  const refused = refusal(state);
  if (refused) return {refused};
  const flow = flowOf(state), run = curves(state);
  const found = fixedPoints(flow, startOf(state, flow), parametersOf(state));
  inRatesOf(state, found);
  addLossesTo(state, flow, found.points);
  const point = found.reached ?? found.points.find((x) => x.stable) ?? null;
  return {refused: "", ...run, ...found, point, zeta: decay(state), eta: state.eta,
    normalised: entryOf(state).gamma, separable: isSeparable(state)};
}
