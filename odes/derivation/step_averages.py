"""Averages over one step of training, from which drifts are made (theory page 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr

from .step import Step, oriented
from .symbols import SPREAD, STATISTICS_SIZE, UBAR, UHAT, R, V

Expectation = Callable[[Expr], Expr]
PairExpectation = Callable[[Expr, Expr], Expr]


@dataclass(frozen=True)
class StepAverages:
    """Averages over one step of training, from which drifts are made.

    With ``c_k`` the weight of example k in a step (`odes.derivation.step`), u and v its fields.

    Attributes
    ----------
    gamma, beta
        ``E[mean(delta f_gamma)]``, and by beta.
    teacher, student
        ``E[sum_k c_k v_k]`` and ``E[sum_k c_k u_k]``.
    across
        ``E[sum_k c_k (v_k - R u_k)]``, which is ``teacher - R student``, asked for by itself where
        that difference would be a small one of large numbers; None unless it is asked for.
    pull
        ``N E[mean(delta f_n2)]``.
    size
        ``E[mean((M c_k)^2)]``.
    """

    gamma: Expr
    beta: Expr
    teacher: Expr
    student: Expr
    across: Expr | None
    pull: Expr
    size: Expr


def step_averages(
    step: Step, mean: Expectation, pair: PairExpectation, *, across: bool = False
) -> StepAverages:
    """Average a step.

    For one example's own field the pushes by mean and spread are zero. A step of M examples
    averages M/m groups of m that share their statistics: what is of first order does not know M,
    and of the square only the examples' noise is left, which M of them average out.

    Parameters
    ----------
    step
        What is averaged.
    mean, pair
        Averages over one example, and over two of a batch.
    across
        Whether `StepAverages.across` is asked for.
    """
    direct, by_mean, by_spread = map(step.push, ("a", "mu", "sigma"))
    uhat = oriented(UHAT)

    def pulled(x: Expr, mean_x: Expr, along_x: Expr) -> Expr:
        """``E[sum_k c_k x_k]``, given x, and over the batch the means of x and of uhat x."""
        return mean(direct * x + by_mean * mean_x + by_spread * along_x)

    def means(p: Expr, q: Expr) -> Expr:
        """``E[mean(delta p) mean(delta q)]``."""
        return mean(p * q) / STATISTICS_SIZE + (1 - 1 / STATISTICS_SIZE) * pair(p, q)

    pull = mean(step.push("n2"))
    gamma, beta = mean(step.push("gamma")), mean(step.push("beta"))
    # Given the u of the batch, v = R u + sqrt(1 - R^2) z, with z the example's own.
    u = oriented(step.u)
    own = (V - R * u) / STATISTICS_SIZE
    teacher = pulled(V, R * oriented(UBAR) + own, R * SPREAD + uhat * own)
    student = pulled(u, oriented(UBAR), SPREAD)
    size = mean(direct**2) + 2 * means(direct, by_mean) + 2 * means(direct * uhat, by_spread)
    size += means(by_mean, by_mean) + means(by_spread, by_spread)  # mean of (M c_k)^2
    rest = pulled(V - R * u, own, uhat * own) if across else None
    return StepAverages(gamma, beta, teacher, student, rest, pull, size)
