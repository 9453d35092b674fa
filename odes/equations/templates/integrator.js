// Adaptive Runge-Kutta pair of order 5(4) with dense output (Tsitouras 2011), as in
// odes/kernels/loop.py: the same tableau, error control and interpolant.
const NODES = [0.161, 0.327, 0.9, 0.9800255409045097, 1, 1];
const STAGES = [
  [0.161],
  [-0.008480655492356989, 0.335480655492357],
  [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
  [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
  [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401,
    -0.028269050394068383],
  [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081,
    2.324710524099774],
];
const ESTIMATE = [-0.00178001105222577714, -0.0008164344596567469, 0.007880878010261995,
  -0.1447110071732629, 0.5823571654525552, -0.45808210592918697, 0.015151515151515152];
const HUGE = 1e8, SMALLEST_STEP = 1e-14;

// The state at the fraction x of a step of length h that began at y.
function interpolate(x, h, y, k) {
  const x2 = x * x;
  const b = [
    -1.0530884977290216 * x * (x - 1.3299890189751412)
      * (x2 - 1.4364028541716351 * x + 0.7139816917074209),
    0.1017 * x2 * (x2 - 2.1966568338249754 * x + 1.2949852507374631),
    2.490627285651252793 * x2 * (x2 - 2.38535645472061657 * x + 1.57803468208092486),
    -16.54810288924490272 * (x - 1.21712927295533244) * (x - 0.61620406037800089) * x2,
    47.37952196281928122 * (x - 1.203071208372362603) * (x - 0.658047292653547382) * x2,
    -34.87065786149660974 * (x - 1.2) * (x - 0.666666666666666667) * x2,
    2.5 * (x - 1) * (x - 0.6) * x2,
  ];
  return y.map((value, i) => value + h * b.reduce((sum, weight, s) => sum + weight * k[s][i], 0));
}

// A flow on its way: call `advance` until it returns a word.
class Trajectory {
  constructor(flow, start, p, rtol, atol) {
    Object.assign(this, {flow, p, rtol, atol, t: 0, y: Float64Array.from(start), steps: 0});
    this.k = Array.from({length: 7}, () => new Float64Array(flow.size));
    this.trial = new Float64Array(flow.size);
    flow.rhs(0, this.y, p, this.k[0]);
    this.h = this.first = this.firstStep();
    this.huge = HUGE * Math.max(1, ...this.y.map(Math.abs));
    this.before = 1e-4; // error of the step before, for the proportional-integral controller
  }

  // A hundredth of the time in which the state changes by itself.
  firstStep() {
    const tolerance = (value) => this.atol + this.rtol * Math.abs(value);
    const norm = (v) => Math.hypot(...v.map((value, i) => value / tolerance(this.y[i])));
    const size = norm(this.y), speed = norm(this.k[0]);
    return speed > 0 && size > 0 ? 0.01 * size / speed : 1e-6;
  }

  // One trial step; its error in units of tolerance.
  tryStep() {
    const {flow, y, k, h, trial} = this;
    for (let stage = 0; stage < 6; stage++) {
      for (let i = 0; i < flow.size; i++) {
        let slope = 0;
        for (let j = 0; j <= stage; j++) slope += STAGES[stage][j] * k[j][i];
        trial[i] = y[i] + h * slope;
      }
      flow.rhs(this.t + NODES[stage] * h, trial, this.p, k[stage + 1]);
    }
    let worst = 0;
    for (let i = 0; i < flow.size; i++) {
      let error = 0;
      for (let j = 0; j < 7; j++) error += ESTIMATE[j] * k[j][i];
      const tolerance = this.atol + this.rtol * Math.max(Math.abs(y[i]), Math.abs(trial[i]));
      worst += (h * error / tolerance) ** 2;
    }
    return Math.sqrt(worst / flow.size);
  }

  // Try one step; `passed(h)` sees it, if it is accepted, before the state moves.
  advance(passed) {
    this.steps++;
    let error = this.tryStep();
    if (!Number.isFinite(error)) this.h *= 0.2;
    else if (error > 1) this.h *= Math.max(0.2, 0.9 * error ** -0.2);
    else {
      passed(this.h);
      this.t += this.h;
      this.y.set(this.trial);
      this.k[0].set(this.k[6]);
      error = Math.max(error, 1e-10);
      this.h *= Math.min(5, Math.max(0.2, 0.9 * error ** -0.14 * this.before ** 0.08));
      this.before = error;
      if (this.y.some((value) => Math.abs(value) > this.huge)) return "diverged";
    }
    return this.h < SMALLEST_STEP * Math.max(this.t, this.first) ? "diverged" : "";
  }
}

// Integrate from time 0; states at increasing stored times, as far as they were reached.
// status: complete, diverged, or stiff (after so many steps an implicit method would do better).
function integrate(flow, start, times, p, {rtol = 1e-8, atol = 1e-10, maxSteps = 20000} = {}) {
  const way = new Trajectory(flow, start, p, rtol, atol);
  way.h = way.first = Math.min(way.first, times[times.length - 1]); // a rest would go on for ever
  const states = [];
  while (states.length < times.length && times[states.length] <= 0) states.push(way.y.slice());
  let status = "complete";
  while (states.length < times.length && status === "complete") {
    if (way.steps >= maxSteps) status = "stiff";
    else status = way.advance((h) => {
      for (; states.length < times.length && times[states.length] <= way.t + h;) {
        states.push(interpolate((times[states.length] - way.t) / h, h, way.y, way.k));
      }
    }) || status;
  }
  return {status, states, t: way.t, y: way.y, steps: way.steps};
}
