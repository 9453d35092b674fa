"""Moments of signals by SciPy and dense rules, for losses written out by hand."""

import numpy as np
from scipy import integrate, special

#: By kind: minus the slope by the output, and the value, in label, output and threshold.
LOSSES = {
    "squared": (lambda y, o, C: y - o, lambda y, o, C: (y - o) ** 2 / 2),
    "absolute": (lambda y, o, C: np.sign(y - o), lambda y, o, C: abs(y - o)),
    "huber": (
        lambda y, o, C: np.clip(y - o, -C, C),
        lambda y, o, C: np.where(
            abs(y - o) < C, (y - o) ** 2 / 2, C * abs(y - o) - C**2 / 2
        ),
    ),
    "logistic": (
        lambda y, o, C: y * special.expit(-y * o), lambda y, o, C: np.logaddexp(0, -y * o),
    ),
    "hinge": (lambda y, o, C: y * (y * o < 1), lambda y, o, C: np.maximum(0, 1 - y * o)),
}  # fmt: skip
#: Output, slope, and the field of an output.
ACTIVATIONS = {
    "identity": (lambda h: h, np.ones_like, lambda o: o),
    "relu": (lambda h: np.maximum(0, h), lambda h: 1.0 * (h > 0), lambda o: o if o > 0 else np.nan),
    "tanh": (
        np.tanh, lambda h: 1 - np.tanh(h) ** 2, lambda o: np.arctanh(o) if abs(o) < 1 else np.nan,
    ),
}  # fmt: skip
NODES, WEIGHTS = np.polynomial.legendre.leggauss(30)


def normal_rule(cuts, longest=0.5):
    """Nodes and weights of a normal law, cut into short panels and at some places."""
    ends = np.unique(np.clip([*cuts, *np.arange(-9, 9.01, longest)], -9, 9))
    middle, half = (ends[1:] + ends[:-1]) / 2, (ends[1:] - ends[:-1]) / 2
    x = (middle[:, None] + half[:, None] * NODES).ravel()
    density = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return x, (half[:, None] * WEIGHTS).ravel() * density


def of_classes(loss, C, K, activation, q, rho):
    """``E[delta^2], E[delta u], E[delta v], E[loss]``; K is None of signs."""
    signal, value = LOSSES[loss]
    output, slope, field = ACTIVATIONS[activation]
    T = np.sqrt(1 - rho**2)
    bends = [field(y + c) / q for y in (-1, 1) for c in (-C, 0.0, C)]
    u, weight = normal_rule([0.0, *(b for b in bends if np.isfinite(b))])
    if K is None:
        up = special.ndtr(rho * u / T)
        up_v = rho * u * up + T * np.exp(-((rho * u / T) ** 2) / 2) / np.sqrt(2 * np.pi)
    else:
        z, its = normal_rule([0.0])
        v = rho * u[:, None] + T * z
        up, up_v = special.expit(K * v) @ its, (v * special.expit(K * v)) @ its
    found, o = np.zeros(4), output(q * u)
    for y, chance, of_v in ((1, up, up_v), (-1, 1 - up, rho * u - up_v)):
        delta = slope(q * u) * signal(y, o, C)
        found += [
            weight @ (chance * delta**2), weight @ (chance * delta * u),
            weight @ (of_v * delta), weight @ (chance * value(y, o, C)),
        ]  # fmt: skip
    return found


def of_teacher(loss, C, S, nu, q, rho):
    """The same of a linear teacher's labels; nu is None of Gaussian noise."""
    if nu is None:
        return _gaussian(loss, C, S, q, rho)

    def density(x):
        return np.exp(nu * x / 2 - np.exp(x) / 2) / (2 ** (nu / 2) * special.gamma(nu / 2))

    def one(i):
        def part(x):
            return density(x) * _gaussian(loss, C, S * nu * np.exp(-x), q, rho)[i]

        return integrate.quad(part, -90, 6, points=[0.0], epsabs=1e-11, limit=600)[0]

    return np.array([one(i) for i in range(4)])


def _gaussian(loss, C, S, q, rho):
    """Closed forms, theory page 9."""
    e2 = 1 - 2 * q * rho + q**2 + S
    std = np.sqrt(e2)
    if loss == "squared":
        p, square, value = 1.0, e2, e2 / 2
    elif loss == "absolute":
        p, square, value = np.sqrt(2 / np.pi) / std, 1.0, std * np.sqrt(2 / np.pi)
    else:
        z = C / std
        phi = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
        p = special.erf(z / np.sqrt(2))
        square = e2 * (p - 2 * z * phi) + C**2 * (1 - p)
        value = e2 * (p - 2 * z * phi) / 2 + 2 * C * std * phi - C**2 * (1 - p) / 2
    return np.array([square, p * (rho - q), p * (1 - q * rho), value])
