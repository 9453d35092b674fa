// The page: a state, and everything on the page as a function of it.

let state = fromHash(location.hash, initialState(PROBLEM));
let waiting = false;

function changed(name, value) {
  state = fitted({...state, [name]: name in SLIDERS && value !== "auto"
    && !(name === "zeta" && state.zeta === "auto") ? sliderValues(name, state)[value] : value});
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
  showWhat(state);
  showVerdict(result);
  showNumbers(result);
  showPoints(result);
  drawPlots(state, result);
  for (const command of ["integrate", "fixed-points"]) {
    showCommand(element(`command-${command}`), commandOf(state, command));
  }
  showCommand(element("command-python"), pythonOf(state));
  history.replaceState(null, "", toHash(state));
  window.explorer = {state, result, solveTime: solved - began, renderTime: performance.now() - began};
}

// Which errors there are to show: of classes how often they are wrong, and the loss if it is not
// the usual one.
function showWhat(state) {
  const shown = {error: !ofClasses(state), error01: ofClasses(state), expected_loss: !isUsual(state)};
  for (const [name, is] of Object.entries(shown)) {
    for (const part of ["plot", "numbers"]) element(`${part}-${name}`).hidden = !is;
  }
  element("results").dataset.loss = shown.expected_loss ? "shown" : "";
}

function showVerdict(result) {
  const {tone, title, text} = verdict(result);
  element("verdict").dataset.tone = tone;
  element("verdict-title").textContent = title;
  element("verdict-text").textContent = text;
}

function showNumbers({refused, columns, point, bound}) {
  const shown = refused ? null : point;
  for (const name of Object.keys(PANELS)) {
    write(`end-${name}`, refused ? null : columns[name]?.at(-1));
    write(`point-${name}`, shown && shown[name]);
  }
  if (shown && shown.L === null) element("point-L").textContent = anyLength(shown);
  const bounded = refused ? null : point ?? bound;
  for (const name of ["eta_max", "largest_eta"]) write(`point-${name}`, bounded && bounded[name]);
  const time = refused ? "–" : number(columns.t.at(-1), 4);
  for (const span of document.querySelectorAll(".end-time")) span.textContent = time;
}

const anyLength = (point) => (point.kind === "attractor" ? "grows" : "any");

function write(id, value) {
  element(id).textContent = number(value, 7);
  element(id).dataset.value = Number.isFinite(value) ? value : "";
}

function showPoints(result) {
  const points = result.refused ? [] : result.points.filter((x) => x.Q >= 0);
  const rows = points.map((x) => [
    x.reached ? "▶" : "", number(x.Q), number(x.R),
    x.L === null ? anyLength(x) : number(x.L), x.kind.replace("-", " "),
    x.stable ? "stable" : "unstable", number(x.eta_eff, 4), number(x.eta_max, 6)]);
  element("no-points").hidden = rows.length > 0;
  element("points").replaceChildren(...rows.map((cells) => {
    const row = document.createElement("tr");
    row.append(...cells.map((text) => Object.assign(document.createElement("td"), {textContent: text})));
    return row;
  }));
}

// Lines break between options only, or between arguments.
function showCommand(box, text) {
  box.replaceChildren(...text.split(/ (?=--)|(?<=[,;]) /).flatMap((part) => [
    Object.assign(document.createElement("span"), {textContent: part}), " "]));
}

function copyOn(button) {
  const text = element(button.dataset.copies).textContent.trim();
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
