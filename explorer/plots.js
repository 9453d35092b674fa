// The plots: Bokeh's, filled anew at every change.

// What a logarithmic axis shows of a zero.
const SMALLEST_SHOWN = 1e-12;
const LOGARITHMIC = ["error", "eta_eff"];
const documents = {};

async function embedPlots() {
  for (const [name, item] of Object.entries(PANELS)) {
    const before = Bokeh.documents.length;
    await Bokeh.embed.embed_item(item, `plot-${name}`);
    documents[name] = Bokeh.documents[before];
  }
}

function fill(panel, source, t, values) {
  const model = documents[panel].get_model_by_name(source);
  const least = LOGARITHMIC.includes(panel) ? SMALLEST_SHOWN : -Infinity;
  if (model) model.data = {t, [panel]: values.map((value) => Math.max(value, least))};
}

// The level at which a panel's quantity ends; null where there is none.
function endOf(panel, point) {
  if (panel === "L") return point.L;
  return panel === "eta_eff" ? (point.L === null ? null : point.eta_eff) : point[panel];
}

function drawPlots(state, result) {
  const span = [0, state.time], point = result.refused ? null : result.point;
  const level = (value) => (value === null ? [[], []] : [span, [value, value]]);
  for (const panel of Object.keys(PANELS)) {
    const t = result.refused ? [] : result.columns.t;
    fill(panel, "flow", t, result.refused ? [] : result.columns[panel]);
    fill(panel, "end", ...level(point && endOf(panel, point)));
    const bound = result.refused ? null : (point ?? result.bound)?.eta_max ?? null;
    if (panel === "eta_eff") fill(panel, "bound", ...level(bound));
    describe(panel, result);
  }
}

// The same in words, for those who do not see the plot.
function describe(panel, result) {
  const values = result.refused ? [] : result.columns[panel];
  const text = values.length ? `${panel} over time: from ${number(values[0], 4)} to ${
    number(values.at(-1), 4)}` : `${panel} over time: nothing to show`;
  document.getElementById(`plot-${panel}`).setAttribute("aria-label", text);
}
