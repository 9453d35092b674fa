"""How a power law's error depends on its number of blocks: geometric edges against quantiles."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.integrate import solve
from scipy.integrate import solve_ivp
from scipy.special import gammaln

#: Of ``lambda(x) = x^-1``, teacher in the head, at time 5.
ETA, M, TIME, FIRST = 0.2, 16, 5.0, 1e-3


def power_law(edges):
    """Eigenvalues, fractions and powers of blocks of ``1/x`` between edges, by their means."""
    widths = np.diff(edges)
    values, fractions = np.diff(np.log(edges)) / widths, widths / widths.sum()
    values = values / (fractions @ values)
    powers = fractions * values
    return values, fractions, powers / (values @ powers)


def by_hand(values, fractions, powers):
    """The error of an identity student with bn: the equations of theory page 11, by SciPy."""
    kappa = np.sqrt(2 / M) * np.exp(gammaln(M / 2) - gammaln((M - 1) / 2))
    a_m = (M - 2) / M * np.sqrt(M / 2) * np.exp(gammaln(M / 2 - 1) - gammaln((M - 1) / 2))
    P = len(values)

    def slope(_, y):
        g, A, C = y[0], y[1 : P + 1], y[P + 1 :]
        q, r = values @ C, values @ A
        R, k = r / np.sqrt(q), g / np.sqrt(q)
        noise = (ETA * k) ** 2 / M * values * fractions * (1 - R * R) * (M - 2) / (M - 3)
        drift = ETA * k * a_m * values
        return np.r_[ETA * (kappa * R - g), drift * (powers - A * r / q),
                     2 * drift * (A - C * r / q) + noise]  # fmt: skip

    start = bn.Problem("identity", "bn")
    y0 = np.r_[start.q0, start.r0 * np.sqrt(fractions * powers), fractions]
    y = solve_ivp(slope, (0, TIME), y0, "LSODA", rtol=1e-10, atol=1e-12).y[:, -1]
    g, A, C = y[0], y[1 : P + 1], y[P + 1 :]
    return (1 - 2 * g * (values @ A) / np.sqrt(values @ C) + g * g) / 2


def flow_error(spectrum):
    problem = bn.Problem("identity", "bn", eta=ETA, batch_size=M, zeta=0, spectrum=spectrum)
    return solve(problem, times=[0, TIME], rtol=1e-10, atol=1e-12).error[-1]


def test_geometric_blocks_converge_with_the_square_of_their_number_and_quantiles_do_not():
    exact = by_hand(*power_law(np.geomspace(FIRST, 1, 257)))
    counts = (6, 12)  # compiled once: both have room for 16
    found = {P: flow_error(f"power:1:{P}:head") for P in counts}
    for P, value in found.items():
        assert value == pytest.approx(by_hand(*power_law(np.geomspace(FIRST, 1, P + 1))), abs=1e-7)
    off = [found[P] - exact for P in counts]
    assert 3.5 < off[0] / off[1] < 4.5  # inverse square: 4, up to the next order
    quantiles = power_law(np.linspace(FIRST, 1, counts[1] + 1))
    rough = flow_error([tuple(map(float, row)) for row in zip(*quantiles, strict=True)])
    assert rough == pytest.approx(by_hand(*quantiles), abs=1e-7)
    assert rough - exact > 10 * off[1]


def test_default_number_of_blocks_is_good_to_three_digits():
    exact = by_hand(*power_law(np.geomspace(FIRST, 1, 257)))
    default = by_hand(*bn.Problem(spectrum="power:1:head").spectrum_.arrays)
    assert default == pytest.approx(exact, rel=2e-3)
