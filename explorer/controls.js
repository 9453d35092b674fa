// Selects and sliders: native elements, so that keyboard and screen reader work as ever.

const element = (id) => document.getElementById(id);

function choices(position) {
  return [...new Set(Object.keys(ENTRIES).map((key) => key.split(/\/(?=[^/]*$)/)[position]))];
}

// Build all controls; `changed(name, value)` hears of every movement.
function buildControls(changed) {
  buildSelect("scheme", choices(1), changed);
  buildSelect("activation", choices(0), changed);
  for (const name of Object.keys(USUAL)) buildSelect(name, CHOICES[name], changed);
  for (const name of Object.keys(SLIDERS)) buildSlider(name, changed);
  const auto = element("zeta-auto");
  auto.addEventListener("change", () => changed("zeta", auto.checked ? "auto" : 0));
}

function buildSelect(name, options, changed) {
  const select = element(name);
  select.replaceChildren(...options.map((text) => new Option(text, text)));
  select.addEventListener("change", () => changed(name, select.value));
}

function buildSlider(name, changed) {
  const {symbol, label} = SLIDERS[name], box = element(`control-${name}`);
  box.insertAdjacentHTML("afterbegin", `<label for="${name}"><var>${symbol}</var> ${label}</label>
    <output id="${name}-value" for="${name}"></output><input type="range" id="${name}" min="0">`);
  const input = element(name);
  input.addEventListener("input", () => changed(name, input.valueAsNumber));
}

function shownValue(name, state) {
  if (name === "zeta") return decay(state);
  return name === "statistics_size" ? statisticsOf(state) : state[name];
}

// The value of a select, and which of its options the page has no flow for: they are disabled, and
// a note says why.
function showChoices(name, state) {
  const select = element(name), reasons = new Map();
  select.value = state[name];
  for (const option of select.options) {
    const reason = notOffered(asChosen(name, option.value, state));
    option.disabled = reason !== "" && option.value !== state[name];
    option.title = reason;
    if (option.disabled) reasons.set(reason, [...(reasons.get(reason) ?? []), option.value]);
  }
  const note = [...reasons].map(([reason, values]) => `Not ${values.join(", ")}: ${reason}.`).join(" ");
  element(`${name}-note`).textContent = note;
  element(`${name}-note`).hidden = !note;
}

// Show a state on the controls.
function showControls(state) {
  for (const name of ["scheme", "activation", ...Object.keys(USUAL)]) showChoices(name, state);
  element("control-noise_law").hidden = element("control-noise").hidden = ofClasses(state);
  const fixed = fixedNumbers(state);
  for (const name of Object.keys(SLIDERS)) {
    const input = element(name), values = sliderValues(name, state);
    const value = shownValue(name, state);
    input.max = values.length - 1;
    input.value = nearest(values, value);
    const auto = name === "zeta" && state.zeta === "auto";
    input.disabled = !applies(name, state) || auto || name in fixed;
    if (name in NUMBERS) element(`control-${name}`).hidden = !applies(name, state);
    const shown = applies(name, state) ? number(value, 4) + (auto ? " (auto)" : "") : "–";
    element(`${name}-value`).value = shown;
    input.setAttribute("aria-valuetext", shown);
  }
  element("zeta-auto").checked = state.zeta === "auto";
  element("zeta-auto").disabled = state.zeta !== "auto" && !offersAuto(state);
  const {eta, weight_decay} = limitOf(state);
  element("momentum-note").textContent = state.momentum ? `The limit of large N: as η = ${
    number(eta, 4)}${state.decoupled_decay ? `, λ = ${number(weight_decay, 4)}` : ""} without.` : "";
  const {least, refused} = entryOf(state);
  element("size-note").textContent = least > 1 ? `A flow exists from m = ${least} on.` : "";
  element("size-note").title = least > 1 ? refused : "";
}
