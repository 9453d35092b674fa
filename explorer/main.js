// The page: a state, and everything on the page as a function of it.

let state = fromHash(location.hash, initialState(PROBLEM));
let waiting = false;

function changed(name, value) {
  state = {...state, [name]: name in SLIDERS && value !== "auto"
    && !(name === "zeta" && state.zeta === "auto") ? sliderValues(name, state)[value] : value};
  const sizes = entryOf(state).batchSizes;
  if (!sizes.includes(state.batch_size)) state.batch_size = sizes[nearest(sizes, state.batch_size)];
  refresh();
}

// Movements that come faster than the screen are drawn once.
function refresh() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    render();
  });
}

function render() {
  const began = performance.now(), result = solve(state);
  const solved = performance.now();
  showControls(state);
  showVerdict(result);
  showNumbers(result);
  showPoints(result);
  drawPlots(state, result);
  for (const command of ["integrate", "fixed-points"]) {
    element(`command-${command}`).textContent = commandOf(state, command);
  }
  history.replaceState(null, "", toHash(state));
  window.explorer = {state, result, solveTime: solved - began, renderTime: performance.now() - began};
}

function showVerdict(result) {
  const {tone, title, text} = verdict(result);
  element("verdict").dataset.tone = tone;
  element("verdict-title").textContent = title;
  element("verdict-text").textContent = text;
}

function showNumbers(result) {
  const last = (name) => (result.refused ? null : result.columns[name].at(-1));
  const point = result.refused ? null : result.point;
  for (const name of ["Q", "R", "L", "error"]) write(`end-${name}`, last(name));
  write("end-eta_eff", last("eta_eff"));
  for (const name of ["Q", "R", "L", "error"]) {
    write(`point-${name}`, point && point[name]);
  }
  if (point && point.kind === "attractor") element("point-L").textContent = "grows";
  else if (point && point.L === null) element("point-L").textContent = "any";
  write("point-eta_eff", point && point.eta_eff);
  write("point-eta_max", point && point.eta_max);
  element("end-time").textContent = result.refused ? "–" : number(result.columns.t.at(-1), 4);
}

function write(id, value) {
  element(id).textContent = number(value, 7);
  element(id).dataset.value = Number.isFinite(value) ? value : "";
}

function showPoints(result) {
  const points = result.refused ? [] : result.points.filter((x) => x.Q >= 0);
  const rows = points.map((x) => [
    x.reached ? "▶" : "", number(x.Q), number(x.R),
    x.kind === "attractor" ? "grows" : x.L === null ? "any" : number(x.L), x.kind.replace("-", " "),
    x.stable ? "stable" : "unstable", number(x.eta_eff, 4), number(x.eta_max, 6)]);
  element("points").replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((text) => Object.assign(document.createElement("td"), {textContent: text})));
    return row;
  }));
}

function copyOn(button) {
  const text = element(button.dataset.copies).textContent;
  const done = () => {
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  };
  // A page opened from a file may not reach the clipboard: then the text is selected instead.
  const select = () => getSelection().selectAllChildren(element(button.dataset.copies));
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, select);
  else select();
}

async function start() {
  buildControls(changed);
  await embedPlots();
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", () => copyOn(button));
  }
  element("reset").addEventListener("click", () => {
    state = initialState(PROBLEM);
    refresh();
  });
  addEventListener("hashchange", () => {
    state = fromHash(location.hash, state);
    refresh();
  });
  render();
  document.documentElement.dataset.ready = "yes";
}

start();
