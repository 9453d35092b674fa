// The plots: Bokeh's, filled anew at every change.

// Below it a logarithmic axis shows nothing: a zero would stretch it over many decades.
const SMALLEST_SHOWN = 1e-12;
const LOGARITHMIC = ["error", "error01", "expected_loss", "eta_eff"];
const documents = {};
// Models of a plot by name, and which of the page's colours (style.css) their properties have.
const AXIS = {axis_label_text_color: "ink", major_label_text_color: "ink", axis_line_color: "soft",
  major_tick_line_color: "soft"};
const PAINTED = {
  title: {text_color: "ink"}, "x-axis": AXIS, "y-axis": AXIS,
  "x-grid": {grid_line_color: "line"}, "y-grid": {grid_line_color: "line"},
  "flow-line": {line_color: "flow"}, "end-line": {line_color: "end"},
  "bound-line": {line_color: "bound"},
};

async function embedPlots() {
  for (const [name, item] of Object.entries(PANELS)) {
    const before = Bokeh.documents.length;
    await Bokeh.embed.embed_item(item, `plot-${name}`);
    documents[name] = Bokeh.documents[before];
  }
  paint();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
}

// A canvas knows no style sheet: it is told the colours, again when day turns to night.
function paint() {
  const colors = getComputedStyle(document.documentElement);
  for (const plot of Object.values(documents)) {
    for (const [name, properties] of Object.entries(PAINTED)) {
      const model = plot.get_model_by_name(name);
      for (const [property, color] of Object.entries(model ? properties : {})) {
        model[property] = colors.getPropertyValue(`--${color}`).trim();
      }
    }
  }
}

function fill(panel, source, t, values) {
  const model = documents[panel].get_model_by_name(source);
  const least = LOGARITHMIC.includes(panel) ? SMALLEST_SHOWN : -Infinity;
  if (model) model.data = {t, [panel]: values.map((value) => (value !== null && value >= least ? value : NaN))};
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
    const values = result.refused ? [] : result.columns[panel] ?? [];
    fill(panel, "flow", values.length ? result.columns.t : [], values);
    fill(panel, "end", ...level((point && endOf(panel, point)) ?? null));
    const bound = result.refused ? null : (point ?? result.bound)?.eta_max ?? null;
    if (panel === "eta_eff") fill(panel, "bound", ...level(bound));
    describe(panel, result);
  }
}

// The same in words, for those who do not see the plot.
function describe(panel, result) {
  const values = result.refused ? [] : result.columns[panel] ?? [];
  const text = values.length ? `${panel} over time: from ${number(values[0], 4)} to ${
    number(values.at(-1), 4)}` : `${panel} over time: nothing to show`;
  document.getElementById(`plot-${panel}`).setAttribute("aria-label", text);
}
