// What the numbers mean, in the sentences of `bntheory fixed-points`.

const number = (value, digits = 6) => (typeof value === "number" && Number.isFinite(value)
  ? String(Number(value.toPrecision(digits))) : "–");

// A heading and sentences; tone is good, warn, bad or none.
function verdict(result) {
  if (result.refused) return {tone: "none", title: "No theory here", text: result.refused};
  const {point, reached, ending, points} = result;
  if (result.status === "diverged" || ending === "diverged") return diverging(result);
  const parts = point ? [speed(point), limit(point, result)] : [];
  const stiff = result.status === "stiff" ? [`Stiff: the curves stop at t = ${
    number(result.reachedTime, 4)}; the command goes on with an implicit method.`] : [];
  if (reached) {
    return {tone: reached.stable ? "good" : "warn", title: heading(reached),
      text: [`Training ends at ${place(reached)}.`, ...parts, ...stiff].join(" ")};
  }
  const stable = points.filter((x) => x.stable).length;
  if (!stable && result.separable) return separating(stiff);
  const why = stable ? `None of the ${stable} stable points was reached in the time tried.`
    : "Training has no stable point to end at.";
  return {tone: "warn", title: stable ? "Not there yet" : "No stable end",
    text: [why, ...parts, ...stiff].join(" ")};
}

// Theory page 9: signs have no margin.
function separating(stiff) {
  return {tone: "warn", title: "Nothing to end at", text: ["The logistic loss of signs falls for ever: "
    + "in the end the scale Q grows like t^(1/3), and the 0-1 error falls like t^(-1/3).", ...stiff].join(" ")};
}

function diverging({status, reachedTime, hasRange, bound}) {
  const when = status === "diverged" ? `at t = ${number(reachedTime, 5)}` : "after the time shown";
  if (hasRange) {
    return {tone: "warn", title: `Leaves the tables ${when}`,
      text: "The scale Q left the range of this page's tables; the command below widens them."};
  }
  const text = "An order parameter grows without bound." + (bound === null ? ""
    : ` The largest learning rate at which training stays where it should end is η = ${
      number(bound.largest_eta)}.`);
  return {tone: "bad", title: `Diverges ${when}`, text};
}

function heading(point) {
  const kind = point.kind === "attractor" ? "an attractor" : "a fixed point";
  return `${point.stable ? "Stable: e" : "E"}nds at ${kind}`;
}

function place(point) {
  const where = `Q = ${number(point.Q)}, R = ${number(point.R)}`;
  if (point.kind === "attractor") {
    const how = point.length_exponent ? ` like t^${number(point.length_exponent, 3)}` : "";
    return `${where}, while L keeps growing${how} (an attractor, not a fixed point)`;
  }
  if (point.L === null) return `${where} (a fixed point for every L)`;
  return `${where}, L = ${number(point.L)} (a fixed point)`;
}

function speed(point) {
  if (point.slow_rate <= 0) return "At this length displacements grow at first.";
  return `The slowest displacement decays in a time of ${number(1 / point.slow_rate, 4)}.`;
}

function limit(point, {normalised, eta}) {
  const now = `The effective learning rate is ${number(point.eta_eff, 4)}`;
  if (normalised && point.L !== null) return ofARest(point, now);
  if (point.eta_max === null || point.largest_eta === null) {
    return "No learning rate was found at which this point loses its stability.";
  }
  if (!normalised) {
    return `The learning rate is ${number(eta, 4)}; this point is stable up to η = ${
      number(point.largest_eta)}. Above it the weights leave it, and diverge where nothing holds them.`;
  }
  return `${now}; the largest stable one is ${number(point.eta_max)}, that is η = ${
    number(point.largest_eta)}. Above it alignment is lost but nothing diverges: L grows until `
    + "the effective rate is below it again.";
}

// Of a normalised student whose length rests: it follows eta.
function ofARest(point, now) {
  const grow = point.eta_max === null ? ""
    : `, and misaligned weights would grow from ${number(point.eta_max)} on at a given length`;
  return `${now}${grow}; ` + (point.largest_eta === null
    ? "the length follows η, and no η was found at which this point is lost."
    : `as the length follows η, this point is stable up to ${number(point.largest_eta)}.`);
}
