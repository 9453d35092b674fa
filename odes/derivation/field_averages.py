"""Averages over Gaussian fields as numbers: by quadrature, and over drawn examples."""

from __future__ import annotations

import math

import numpy as np

from ...teacher_student.activations import Activation
from ...teacher_student.formula_kernels import compiled_activation
from ...teacher_student.normal_quadrature import (
    FINE,
    fill_rule,
    rule_size,
    scaled_cuts,
    student_rule,
)
from ..tables.table_quadrature import laurent_values
from .batch_moments import BatchMoment, Half, PairMoment
from .expectations import Average, Expectation, Point
from .gaussian_moments import Moment
from .student_field import laurent
from .symbols import UHAT

Array = np.ndarray
#: What no finer rule shows, in units of the sum of sizes: rounding, and what lies beyond the reach
#: of 8 of both rules, 1.3e-15 of the weight and 8e-14 of the variance.
LEFT_OUT = 1e-13
#: Examples drawn for an average, and in how many portions.
EXAMPLES, PORTIONS = 2**20, 8


def by_quadrature(activation: Activation, moment: Moment, at: Point) -> Average:
    """A moment of one example's fields by the rule of a flow; a finer rule measures its error."""
    value, size = _twofold(activation, moment, at, FINE)
    finer, _ = _twofold(activation, moment, at, FINE / 2)
    return Average(value, abs(value - finer) + LEFT_OUT * size)


def _twofold(
    activation: Activation, moment: Moment, at: Point, panel: float
) -> tuple[float, float]:
    """The moment, and the same sum of absolute values."""
    kernels = compiled_activation(activation)
    u, weight = student_rule(kernels.KINKS, at.shift, at.q, panel)
    g, slope = kernels.evaluate(at.shift + at.q * u)
    terms = weight * g**moment.g * slope**moment.slope * u**moment.u
    if moment.teacher or moment.v:
        terms *= [_teacher(activation, moment, at.rho, x, panel) for x in u]
    return float(terms.sum()), float(np.abs(terms).sum())


def _teacher(activation: Activation, moment: Moment, rho: float, u: float, panel: float) -> float:
    """The average of the teacher's factors, given u."""
    kernels, across = compiled_activation(activation), math.sqrt(max(0.0, 1.0 - rho**2))
    cuts = np.empty(kernels.KINKS.size)
    scaled_cuts(kernels.KINKS, rho * u, across, cuts)
    z, weight = np.empty((2, rule_size(cuts.size, panel)))
    filled = fill_rule(cuts, panel, z, weight)
    v = rho * u + across * z[:filled]
    g = kernels.evaluate(v)[0]
    return float(weight[:filled] @ (g**moment.teacher * v**moment.v))


def by_sampling(wanted: Expectation, at: Point) -> Average:
    """Any moment as a mean over drawn batches (or examples), and its standard error."""
    rng = np.random.default_rng(at.M)
    size = max(EXAMPLES // at.M, 2**12) // PORTIONS
    drawn = np.concatenate([_drawn(wanted, at, rng, size) for _ in range(PORTIONS)])
    return Average(float(drawn.mean()), float(drawn.std(ddof=1) / math.sqrt(drawn.size)))


def _drawn(wanted: Expectation, at: Point, rng: np.random.Generator, size: int) -> Array:
    """The moment's value in every one of some batches."""
    kernels, moment, M = compiled_activation(wanted.activation), wanted.moment, at.M
    assert isinstance(moment, Moment | BatchMoment | PairMoment)
    u, z = rng.standard_normal((2, size, 1 if isinstance(moment, Moment) else M))
    v = at.rho * u + math.sqrt(max(0.0, 1.0 - at.rho**2)) * z
    target = kernels.evaluate(v)[0]
    if isinstance(moment, Moment):
        g, slope = kernels.evaluate(at.shift + at.q * u)
        own = g**moment.g * slope**moment.slope * u**moment.u
        one: Array = (own * target**moment.teacher * v**moment.v)[:, 0]
        return one
    ubar, s = u.mean(axis=1), u.std(axis=1)
    uhat = (u - ubar[:, None]) / s[:, None]
    x0, x1 = (laurent_values(laurent(wanted.field.X.coeff(UHAT, k)), ubar, s) for k in (0, 1))
    g, slope = kernels.evaluate(at.shift + at.q * (x0[:, None] + x1[:, None] * uhat))
    whole = ubar**moment.ubar * s**moment.s

    def part(half: Half) -> Array:
        return g**half.g * slope**half.slope * uhat**half.uhat * target**half.teacher

    if isinstance(moment, PairMoment):
        first, second = part(moment.first), part(moment.second)
        both = first.sum(axis=1) * second.sum(axis=1) - (first * second).sum(axis=1)
        return whole * both / (M * (M - 1))
    half = Half(moment.g, moment.slope, moment.uhat, moment.teacher)
    return whole * (part(half) * v**moment.v).mean(axis=1)
