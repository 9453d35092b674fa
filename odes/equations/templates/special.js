// Special functions that JavaScript lacks, to rounding errors.

// The overlap, kept in [-1, 1].
function clip(R) {
  return Math.min(1, Math.max(-1, R));
}

// Series of positive terms for small |x|, continued fraction (Lentz's, backwards) for large.
function erf(x) {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = x, sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= 2 * x * x / (2 * n + 1);
      sum += term;
    }
    return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction);
}

// log Gamma(x), x > 0: Stirling's series, after steps up to where it has converged.
function logGamma(x) {
  let steps = 0;
  for (; x < 15; x++) steps += Math.log(x);
  const z = 1 / (x * x);
  const series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - steps;
}

// Gamma(x) / Gamma(y), which does not overflow where both would.
function gammaRatio(x, y) {
  return Math.exp(logGamma(x) - logGamma(y));
}
