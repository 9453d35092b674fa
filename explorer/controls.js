// Selects and sliders: native elements, so that keyboard and screen reader work as ever.

const element = (id) => document.getElementById(id);

function choices(position) {
  return [...new Set(Object.keys(ENTRIES).map((key) => key.split(/\/(?=[^/]*$)/)[position]))];
}

// Build all controls; `changed(name, value)` hears of every movement.
function buildControls(changed) {
  buildSelect("scheme", choices(1), changed);
  buildSelect("activation", choices(0), changed);
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

// Show a state on the controls.
function showControls(state) {
  element("scheme").value = state.scheme;
  element("activation").value = state.activation;
  for (const name of Object.keys(SLIDERS)) {
    const input = element(name), values = sliderValues(name, state);
    const value = shownValue(name, state);
    input.max = values.length - 1;
    input.value = nearest(values, value);
    const auto = name === "zeta" && state.zeta === "auto";
    input.disabled = !applies(name, state) || auto;
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
