"""Equations of committees as text: what they say is what is integrated."""

import runpy
import sys

import bntheory as bn
import numpy as np
import pytest
import sympy
from bntheory.odes.committee.dynamics import CommitteeDynamics
from bntheory.results.errors import InputError
from command import call

RNG = np.random.default_rng(5)


def problem(scheme, **others):
    return bn.Problem("erf", scheme, units=4, teacher_units=2, **others)


def normalised(scheme, h):
    """u, spread and the field of plain formulas; examples along the last axis."""
    axis = 0 if scheme in ("ln", "rms") else 1
    mu = 0.0 if scheme == "rms" else h.mean(axis=axis, keepdims=True)
    spread = np.sqrt(((h - mu) ** 2).mean(axis=axis, keepdims=True))
    return (h - mu) / spread, spread + 0 * h, mu + 0 * h, axis


@pytest.mark.parametrize("scheme", ["bn", "ln", "rms"])
def test_steps_are_the_gradient_of_the_loss(scheme):
    """d_k of the printed steps against differences of sum_kj delta_kj f_kj with delta held."""
    h, delta, gamma = RNG.normal(size=(4, 6)), RNG.normal(size=(4, 6)), RNG.normal(size=(4, 1))

    def summed(h):
        return (delta * gamma * normalised(scheme, h)[0]).sum()

    numeric, eps = np.empty_like(h), 1e-6
    for at in np.ndindex(*h.shape):
        e = np.zeros_like(h)
        e[at] = eps
        numeric[at] = (summed(h + e) - summed(h - e)) / (2 * eps)
    u, spread, mu, axis = normalised(scheme, h)
    names = sympy.symbols("h_k mu_k sigma_k L_k gamma_k beta_k u_k")
    given = (h, mu, spread, np.ones_like(h), gamma + 0 * h, 0 * h, u)
    steps = bn.derive(problem(scheme, batch_size=6)).steps
    own, mean, wide = (sympy.lambdify(names, steps[n])(*given) for n in ("own", "mean", "spread"))
    found = own * delta + (mean * delta).mean(axis=axis, keepdims=True)
    found = found + u * (wide * delta).mean(axis=axis, keepdims=True)
    # Differences of second order: 1e-6 squared, and rounding over 1e-6.
    assert np.abs(found - numeric).max() < 1e-7
    assert np.abs(own * delta - numeric).max() > 0.01  # without statistics it is another


def test_lengths_of_weight_normalised_units():
    steps = bn.derive(problem("wn")).steps
    h, L, gamma = sympy.symbols("h_k L_k gamma_k")
    assert sympy.simplify(steps["length"] + gamma * h / L**3) == 0
    assert sympy.simplify(steps["own"] - gamma / L) == 0


def test_text_and_latex_have_all_of_them():
    made = bn.derive(problem("wn"))
    text, latex = made.text(), made.latex()
    for line in ("d_k = delta_k*gamma_k/L_k", "dgamma_k/dt", "dA_kn/dt", "eta^2/M E<d_k d_l>"):
        assert line in text
    for part in (r"\begin{align}", r"\frac{d\gamma_k}{dt}", r"\frac{\eta^2}{M}"):
        assert part in latex
    assert latex.count("{") == latex.count("}")
    assert "dgamma" not in bn.derive(problem("sgd")).text()


def test_the_command_prints_them_and_says_what_there_is_not(monkeypatch, capsys):
    line = ["derive", "--units", "2", "--teacher-units", "2", "--scheme", "bn", "--batch-size", "8"]
    assert call(monkeypatch, *line) == 0
    assert "mean_batch" in capsys.readouterr().out
    assert call(monkeypatch, *line, "--format", "python") == 2
    assert "text and latex are accepted" in capsys.readouterr().err


def run_program(text, tmp_path, monkeypatch):
    """What a program has, run as plain Python: compiling it takes longer than the test."""
    path = tmp_path / "flow.py"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "numba", None)
    return runpy.run_path(str(path))


@pytest.mark.parametrize("case", ["erf-pn", "relu-wn", "identity-bn"])
def test_programs_are_the_flow(case, tmp_path, monkeypatch):
    """Right-hand side and error of the program, to rounding; another problem's is told apart."""
    activation, _, scheme = case.partition("-")
    two = {"units": 2, "teacher_units": 2, "start": "symmetric:0.2", "noise": 0.1}
    given = bn.Problem(activation, scheme, batch_size=8, second_layer=[1.0, 0.7], **two)
    text = bn.derive(given).python()
    assert "bntheory" not in text.partition("\n")[2]
    flow = CommitteeDynamics(given)
    y = np.array(given.initial_state)
    own, error = flow.rhs(y), bn.integrate(given, times=[0.0, 0.1]).error[0]
    other = CommitteeDynamics(given.replace(noise=0.2)).rhs(y)
    made = run_program(text, tmp_path, monkeypatch)
    np.testing.assert_allclose(made["START"], y, rtol=0, atol=0)
    np.testing.assert_allclose(made["slope"](0.0, y), own, rtol=1e-13, atol=1e-15)
    assert made["clean_error"](y, made["PARAMETERS"]) == pytest.approx(error, rel=1e-12)
    assert np.abs(made["slope"](0.0, y) - other).max() > 1e-4


def test_flows_that_are_sampled_have_no_program():
    with pytest.raises(InputError, match="sampled"):
        bn.derive(problem("bn", batch_size=8)).python()
    with pytest.raises(InputError, match="JavaScript"):
        bn.derive(problem("wn")).javascript()
    assert bn.derive(problem("bn", batch_size=8)).to_dict()["python"] is None
