"""What normalisations are called. Needs no torch."""

from __future__ import annotations

from typing import NamedTuple

from ...results.errors import InputError

#: Kinds without a number, and those with one.
PLAIN = ("bn", "pn:renorm", "pn:constant", "wn", "wn+mean-bn", "wn+var-bn", "none")
NUMBERED = ("ghost-bn", "pn:population")
ACCEPTED = "bn ghost-bn:K pn pn:population:S pn:renorm pn:constant wn wn+mean-bn wn+var-bn none"


class NormChoice(NamedTuple):
    """A normalisation: what kind, and its size where it has one (else 0)."""

    kind: str
    number: int


def parse_norm(text: str) -> NormChoice:
    """Read the name of a normalisation; ``pn`` is ``pn:renorm``.

    Raises
    ------
    ValueError
        Saying what is accepted.

    Examples
    --------
    >>> parse_norm("pn:population:256")
    NormChoice(kind='pn:population', number=256)
    """
    kind = "pn:renorm" if text == "pn" else text
    if kind in PLAIN:
        return NormChoice(kind, 0)
    kind, _, number = kind.rpartition(":")
    if kind in NUMBERED and number.isascii() and number.isdigit() and int(number) >= 2:
        return NormChoice(kind, int(number))
    raise InputError("norm", text, f"one of {ACCEPTED} is accepted (K, S at least 2)")
