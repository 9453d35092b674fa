// From a state to everything that is shown: the flow, where it ends, and the rates.

// Explicit steps after which the page leaves the rest to the command's implicit method.
const MOST_STEPS = 4000;
const FLOW_CACHE = {}, TABLE_CACHE = {};

function flowOf(key) {
  if (!(key in FLOW_CACHE)) {
    let tables = 0;
    const flow = FLOWS[key]((moments, shifted) => { tables++; return tabulated(moments, shifted); });
    // A batch scheme's only quadrature is that of the error, which no derivative is taken of.
    if (tables && !flow.hasTable) flow.exact = FLOWS[key]((moments) => moments);
    FLOW_CACHE[key] = flow;
  }
  return FLOW_CACHE[key];
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
  const {scheme, activation, batch_size: M} = state, entry = entryOf(state);
  const m = statisticsOf(state), flow = flowOf(entry.key), whole = m === M;
  const who = `${scheme} with ${activation} and M = ${M}${whole ? "" : `, m = ${m}`}`;
  if (M % m !== 0) return `${who}: groups of a batch are equally large; m divides M.`;
  if (m < entry.least) return `${who}: ${entry.refused}.`;
  if (flow.hasTable && tableOf(`${entry.key}/${m}`) === null) {
    return `${who}: this page holds no table for ${
      whole ? "this batch size" : "statistics of this size"}; bntheory explore --batch-sizes ${
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
    ...limitOf(state), gamma_rate: state.gamma_rate, zeta: decay(state), S: state.noise,
    M: state.batch_size, m: statisticsOf(state),
    table: tableOf(`${entryOf(state).key}/${statisticsOf(state)}`),
  };
}

// The curves: columns over time, as far as the flow goes.
function curves(state) {
  const flow = flowOf(entryOf(state).key);
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
  return {status: way.status, reachedTime: way.t, columns, hasRange: flow.hasRange};
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
  const flow = flowOf(entryOf(state).key), run = curves(state);
  const found = fixedPoints(flow, startOf(state, flow), parametersOf(state));
  inRatesOf(state, found);
  const point = found.reached ?? found.points.find((x) => x.stable) ?? null;
  return {refused: "", ...run, ...found, point, zeta: decay(state), eta: state.eta,
    normalised: entryOf(state).gamma};
}
