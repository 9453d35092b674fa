"""What the report of the claims says."""

from __future__ import annotations

from ...results.html_table import Table
from ...results.report_page import Drawing, Report
from ..recipe.presets import PRESETS
from .claims import LEVEL, ClaimTable
from .collection import Records

SYMBOLS = (
    "Batch statistics act, to first order in 1/M, as PN plus the penalty ζ γ²: ζ is the gamma "
    "decay that replaces them, one part from the batch's spread and one from its mean (section 2 "
    "of the paper). M batch size, ρ excess kurtosis of the pre-activations, I Fisher information "
    "of γ, ⟨ ⟩ the average over pre-activations h, g the activation.",
)


def claim_report(found: ClaimTable, records: Records) -> Report:
    """Verdicts on the paper's claims, and what was trained."""
    preset = PRESETS[found.preset]
    columns = found.columns()
    interval = columns.pop("half_width")
    shown = {n: v for n, v in columns.items() if n not in ("seeds", "verdict")}
    shown |= {f"half width ({LEVEL:.0%})": interval, "seeds": columns["seeds"],
              "verdict": columns["verdict"]}  # fmt: skip
    caption = (
        f"Difference over seeds that each claim says is positive (or zero), and half the width of "
        f"its {LEVEL:.0%} interval by Student's t."
    )
    picture = Drawing(
        f"Each difference in half widths of its {LEVEL:.0%} interval: an interval right of zero "
        "shows a claimed difference; one that holds zero shows a claimed equality.", found.plot,
    )  # fmt: skip
    run = next(iter(records.runs.values()), None)
    versions = {} if run is None else {
        f"{name}, when trained": str(run["env"][name]) for name in ("torch", "numpy", "device")
        if run["env"].get(name)}  # fmt: skip
    recipe = preset.base.to_dict()
    settings = {f"{part}: {name}": value for part, values in recipe.items()
                for name, value in values.items()}  # fmt: skip
    return Report(
        f"The paper's claims in convolutional networks: preset {found.preset}", found.verdict(),
        {"preset": found.preset, "about": preset.about, "runs": len(records.runs)}, settings,
        {"gamma decay": _zeta()}, SYMBOLS, (picture,), (Table(caption, shown),),
        versions=versions,
    )  # fmt: skip


def _zeta() -> str:
    """Section 2's gamma decay (theory page 2), typeset."""
    from sympy import Rational, symbols

    from ...odes.equations.mathml import equation

    M, rho, fisher, slope = symbols("M rho I slope")
    decay = (rho + 2) / (8 * M) * fisher + Rational(1, 2) / M * slope
    return equation("zeta", decay, {slope: (("g'(h)", 2),)}, derivative=False)
