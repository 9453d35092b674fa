// The commands, and the line of Python, that give the numbers shown.

const quoted = (text) => (/^[\w:.-]+$/.test(text) ? text : `'${text}'`);

// Names and values of a problem's parameters, those that play no part left out.
function saidOf(state) {
  const said = [["activation", state.activation], ["scheme", state.scheme]];
  for (const name of Object.keys(USUAL)) {
    if (state[name] !== USUAL[name]) said.push([name, named(name, state)]);
  }
  const names = ["eta", "momentum", ...SIZES, "zeta", "noise", "weight_decay", "q0", "r0", "l0"];
  const unsaid = ["statistics_size", "weight_decay", "momentum"];
  for (const name of names) {
    if (applies(name, state) && !(unsaid.includes(name) && !state[name])) said.push([name, state[name]]);
  }
  for (const name of FLAGS) if (state[name] && state.momentum) said.push([name, true]);
  if (state.gamma_rate !== 1) said.push(["gamma_rate", state.gamma_rate]);
  return said;
}

function commandOf(state, command) {
  const options = saidOf(state).map(([name, value]) => `--${name.replaceAll("_", "-")}${
    value === true ? "" : ` ${typeof value === "string" ? quoted(value) : value}`}`);
  if (command === "integrate") options.push(`--time ${state.time}`, `--points ${POINTS}`);
  return `bntheory ${command} ${options.join(" ")}`;
}

// A line of Python, after `import bntheory as bn`.
function pythonOf(state) {
  const given = saidOf(state).map(([name, value]) => `${name}=${
    value === true ? "True" : JSON.stringify(value)}`);
  const flow = `bn.integrate(bn.Problem(${given.join(", ")}), time=${state.time}, points=${POINTS})`;
  return isUsual(state) ? `flow = ${flow}` : `flow = ${flow}; loss = bn.expected_loss(flow)`;
}
