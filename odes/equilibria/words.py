"""What a list of fixed points means, in words."""

from __future__ import annotations

from ...teacher_student.problem import Problem
from ..flow.trajectory import OUTSIDE_TABLES
from .lines import RestLine
from .points import ATTRACTOR, FixedPoint, FixedPoints


def summary(found: FixedPoints) -> str:
    """Where training ends, how fast, and from which learning rate on it does not."""
    problem = found.problem
    start = f"From q0 = {problem.q0:g}, r0 = {problem.r0:g}"
    start += f", l0 = {problem.l0:g}" if "gamma" in problem.trained_scalars else ""
    stable = [point for point in found.points if point.stable]
    if found.ending == "diverged":
        lines = [f"{start} the flow diverges."]
    elif found.ending == OUTSIDE_TABLES:
        lines = [f"{start} the flow leaves the range in which its moments are known."]
    elif found.reached is not None:
        lines = [f"{start} training ends at {ending(found.reached)}."]
    elif any(line.reached or line.stable for line in found.lines):
        lines = on_lines(start, found.lines)
    elif stable:
        lines = [f"{start} none of the {len(stable)} stable points was reached in the time tried."]
    elif found.largest_scale is not None:
        lines = [f"{start} no stable point was found."]
    else:
        lines = [f"{start} training has no stable point to end at."]
    if found.largest_scale is not None:
        lines += [f"Points were looked for up to a field of scale {found.largest_scale:g} alone: "
                  "the averages of this activation are not resolved beyond."]  # fmt: skip
    point = found.reached or (stable[0] if stable else None)
    if point is not None:
        lines += [speed(point), limit(point, problem)]
    if found.time_to_equilibrium is not None:
        lines += [f"The effective rate stays within 5% of its equilibrium from t = "
                  f"{found.time_to_equilibrium:.4g} on."]  # fmt: skip
    if found.rotation is not None:
        lines += [f"At rest the weights turn by {found.rotation:.4g}/sqrt(N) in a step."]
    return " ".join(lines)


def on_lines(start: str, lines: tuple[RestLine, ...]) -> list[str]:
    """Where training ends if not at a point."""
    line = next((line for line in lines if line.reached), None)
    if line is None:
        lasting = [line for line in lines if line.stable]
        where = " and ".join(f"Q = {line.Q:.6g}, R = {line.R:.6g}" for line in lasting)
        return [f"{start} none of the lines of rests was reached in the time tried: {where}, "
                "each for every L."]  # fmt: skip
    where = f"Q = {line.Q:.6g}, R = {line.R:.6g}"
    where += f", beta = {line.beta:.6g}" if line.beta is not None else ""
    if not line.rests:
        way = "grows" if line.growth > 0 else "shrinks"
        return [
            f"{start} training comes to a line, not to a point: at small learning rates students "
            f"rest at {where} for every L, with the gamma that belongs to it. At this rate noise "
            f"moves them along it: L {way} (d ln L/dt = {line.growth:.3g} at L = l0)."
        ]
    text = f"{start} training ends on a line of rests, not at a point: {where} for every L, with "
    text += "the gamma that belongs to it. The start says where"
    if line.end is not None:
        here = ", ".join(f"{n} = {line.end[n]:.4g}" for n in ("L", "gamma"))
        text += f": from this one at {here}"
    return [text + "."]


def ending(point: FixedPoint) -> str:
    """One point."""
    where = f"Q = {point.Q:.6g}, R = {point.R:.6g}"
    where += f", beta = {point.beta:.6g}" if point.beta is not None else ""
    if point.kind == ATTRACTOR:
        growth = f" like t^{point.length_exponent:.3g}" if point.length_exponent else ""
        return where + f", while L keeps growing{growth} (an attractor, not a fixed point)"
    if point.L is None:
        return where + " (a fixed point for every L)"
    return where + f", L = {point.L:.6g} (a fixed point)"


def speed(point: FixedPoint) -> str:
    """How fast displacements shrink."""
    if point.slow_rate <= 0:
        return "At this length displacements grow at first."
    slow, fast = point.slow_rate, point.fast_rate
    text = f"The slowest displacement decays in a time of {1 / slow:.4g} (rate {slow:.4g})"
    text += f", the fastest in {1 / fast:.4g}" if fast > slow * (1 + 1e-9) else ""
    if point.period is not None:
        text += f", swinging with a period of {point.period:.4g}"
    elif any(abs(value.imag) > 1e-9 for value in point.eigenvalues):
        text += ", with oscillations"
    return text + "."


def limit(point: FixedPoint, problem: Problem) -> str:
    """From which learning rate on training does not settle there."""
    normalised = "gamma" in problem.trained_scalars
    now = f"The effective learning rate is {point.eta_eff:.4g}"
    if normalised and point.L is not None:
        return _of_a_rest(point, now)
    if point.eta_max is None or point.largest_eta is None:
        return "No learning rate was found at which this point loses its stability."
    if not normalised:
        own = point.eta_eff * (1.0 - problem.momentum)
        return (
            f"The learning rate is {own:.4g}; this point is stable up to eta = "
            f"{point.largest_eta:.6g}. Above it the weights leave it, and diverge where nothing "
            "holds them."
        )
    return (
        f"{now}; the largest stable one is {point.eta_max:.6g}, that is eta = "
        f"{point.largest_eta:.6g}. Above it alignment is lost but nothing diverges: L grows until "
        "the effective rate is below it again."
    )


def _of_a_rest(point: FixedPoint, now: str) -> str:
    """Of a normalised student whose length rests: it follows eta."""
    if point.eta_max is not None:
        now += f", and misaligned weights would grow from {point.eta_max:.6g} on at a given length"
    if point.largest_eta is None:
        return f"{now}; the length follows eta, and no eta was found at which this point is lost."
    return f"{now}; as the length follows eta, this point is stable up to {point.largest_eta:.6g}."
