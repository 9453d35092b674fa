"""Which of the paper's claims a preset's runs show, in which direction, and how surely.

Each claim is a difference that should be positive (or zero), taken seed by seed: runs of one seed
share their first weights and the order of their images. Needs no torch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ...results.base import Result
from ..recipe.presets import PRESETS
from .collection import Records

Array = np.ndarray
LEVEL = 0.95  # of the intervals, by Student's t over seeds
VALIDATION, FIT = "validation_loss", "fit_loss"


class Claim(NamedTuple):
    """A statement, where it is from, and the difference ``more - less`` that should be > 0.

    With ``equal`` the difference should be 0.
    """

    figure: str
    statement: str
    more: str
    less: str
    column: str
    equal: bool = False


def claims(sizes: tuple[str, str]) -> tuple[Claim, ...]:
    """The claims, given the variants of the smallest and the largest batch."""
    small, large = sizes
    return (
        Claim("2b", "BN's validation loss is below PN's without decay", "pn", "bn", VALIDATION),
        Claim("2b", "the same against PN with statistics of extra images", "pn-population", "bn",
              VALIDATION),
        Claim("2a", "PN without decay fits the training images better than BN", "bn", "pn", FIT),
        Claim("2b", "gamma decay lowers PN's validation loss", "pn", "pn-decay", VALIDATION),
        Claim("2b", "PN + gamma decay ends at BN", "pn-decay", "bn", VALIDATION, True),
        Claim("2b", "the same, zeta by effective positions", "pn-decay-effective", "bn",
              VALIDATION, True),
        Claim("2d", "BN's validation loss is below WN + mean-only BN's", "wn-mean", "bn",
              VALIDATION),
        Claim("2d", "BN's validation loss is below WN + variance-only BN's", "wn-var", "bn",
              VALIDATION),
        Claim("2d", "the mean regularises more than the spread", "wn-var", "wn-mean", VALIDATION),
        Claim("2e", "a smaller batch has a smaller gamma^2", large, small, "gamma_squared"),
        Claim("2f", "a smaller batch has a smaller validation loss", large, small, VALIDATION),
        Claim("2g", "dropout lowers the loss of BN with large batches", large, "bn-large-dropout",
              VALIDATION),
        Claim("2g", "dropout lowers the loss of WN with large batches", "wn-large",
              "wn-large-dropout", VALIDATION),
        Claim("2h", "dropout raises the accuracy of BN with large batches", "bn-large-dropout",
              large, "validation_accuracy"),
        Claim("4", "without BN kernels grow beyond BN's effective norm", "vanilla-on", "bn-on",
              "effective_norm"),
        Claim("4", "without BN the validation loss is larger", "vanilla-on", "bn-on", VALIDATION),
    )  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A claim and what was measured: mean difference over ``seeds`` and its interval's half."""

    claim: Claim
    difference: float
    half_width: float
    seeds: int

    @property
    def text(self) -> str:
        """In words."""
        if self.seeds == 0:
            return "not measured"
        sure = abs(self.difference) > self.half_width  # never with a single seed: infinite
        if self.claim.equal:
            return "differs" if sure else "no difference found"
        if self.difference > 0:
            return "shown" if sure else "in direction, within noise"
        return "opposite" if sure else "against direction, within noise"


@dataclass(frozen=True)
class ClaimTable(Result):
    """The verdicts on all claims by one preset's runs."""

    _drawn_by: ClassVar[str] = "claims.draw_claims"
    _dimension: ClassVar[str] = "claim"

    preset: str
    verdicts: tuple[Verdict, ...]

    def columns(self) -> dict[str, list[Any]]:
        """One row a claim."""
        rows = self.verdicts
        return {
            "figure": [v.claim.figure for v in rows],
            "claim": [v.claim.statement for v in rows],
            "difference": [v.difference for v in rows],
            "half_width": [v.half_width for v in rows],
            "seeds": [v.seeds for v in rows],
            "verdict": [v.text for v in rows],
        }

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        summary = {"preset": self.preset, "level": LEVEL, "verdict": self.verdict()}
        return {**summary, "claims": self._rows()}

    def _attributes(self) -> dict[str, Any]:
        return {"preset": self.preset, "level": LEVEL}

    def verdict(self) -> str:
        """All verdicts in one plain sentence."""
        counts = Counter(v.text for v in self.verdicts)
        found = ", ".join(f"{count} {words}" for words, count in counts.most_common())
        return f"Of {len(self.verdicts)} claims by the preset {self.preset}: {found}."


def judge_claims(records: Records) -> ClaimTable:
    """Measure every claim that the runs allow.

    Examples
    --------
    >>> from bntheory.cnn.evaluation.collection import Records
    >>> judge_claims(Records("smoke", {}, {"metrics": [], "layers": []})).verdicts[0].text
    'not measured'
    """
    sizes = batch_variants(records)
    ends = (sizes[0], sizes[-1]) if len(sizes) > 1 else ("bn", "bn")
    return ClaimTable(records.preset, tuple(_verdict(records, c) for c in claims(ends)))


def batch_variants(records: Records) -> list[str]:
    """A preset's variants of plain BN that differ in batch size alone, from small to large.

    How many steps they take may follow from the size.
    """
    preset = PRESETS[records.preset]
    found = {
        variant: preset.base.change(**changes).training.batch_size
        for variant, changes in preset.variants.items()
        if set(changes) <= {"batch_size", "steps", "every"}
    }
    return sorted(found, key=lambda variant: found[variant])


def interval(values: Array) -> tuple[float, float]:
    """Mean, and half the interval's width by Student's t; infinite for a single value."""
    from scipy.special import stdtrit

    if len(values) < 2:
        return float(values.mean()), float("inf")
    sem = float(values.std(ddof=1)) / len(values) ** 0.5
    return float(values.mean()), sem * float(stdtrit(len(values) - 1, 0.5 + LEVEL / 2))


def _verdict(records: Records, claim: Claim) -> Verdict:
    seeds = records.seeds(claim.more, claim.less)
    if claim.more == claim.less or not seeds:
        return Verdict(claim, float("nan"), float("nan"), 0)
    measure: Callable[[str], Array] = lambda variant: _last(records, variant, claim.column, seeds)  # noqa: E731
    return Verdict(claim, *interval(measure(claim.more) - measure(claim.less)), len(seeds))


def _last(records: Records, variant: str, column: str, seeds: list[int]) -> Array:
    """The last value by seed; of a column of layers the mean over them."""
    if column != "effective_norm":
        values = records.last(variant, column)
    else:
        names = records.layer_names(variant)
        values = np.mean([records.last(variant, column, name) for name in names], axis=0)
    own = records.seeds(variant)
    return values[[own.index(seed) for seed in seeds]]
