"""A flow of a page is derived once: later processes read what the first one wrote."""

import sys

import bntheory as bn
import pytest
from bntheory.explorer.piece import Piece, piece
from bntheory.results.errors import InputError


def constants(made: Piece) -> dict[str, object]:
    return {name: getattr(made, name) for name in Piece.__annotations__}


def forget_pages(monkeypatch):
    """Other tests may have loaded these pieces, from a cache of their own."""
    for name in [name for name in sys.modules if name.startswith("bntheory_page_")]:
        monkeypatch.delitem(sys.modules, name)


def in_a_new_process(monkeypatch):
    """Forget what is loaded, and refuse to derive."""

    def refuse(*_: object) -> None:
        raise AssertionError("derived again")

    forget_pages(monkeypatch)
    monkeypatch.setattr("bntheory.odes.derivation.drift.derive_drift", refuse)


@pytest.mark.parametrize("scheme", ["wn", "bn"])
def test_a_second_process_does_not_derive(tmp_path, monkeypatch, scheme):
    monkeypatch.setenv("BNTHEORY_CACHE", str(tmp_path))
    forget_pages(monkeypatch)
    first = constants(piece(bn.Problem("identity", scheme, batch_size=8)))
    in_a_new_process(monkeypatch)
    # Its numbers are not among the formulas.
    again = piece(bn.Problem("identity", scheme, batch_size=16, noise=0.5))
    assert constants(again) == first
    with pytest.raises(AssertionError, match="derived again"):
        piece(bn.Problem("relu", scheme))


def test_what_is_refused_is_not_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("BNTHEORY_CACHE", str(tmp_path))
    for _ in range(2):
        with pytest.raises(InputError, match="kinks"):
            piece(bn.Problem("min(max(h, -1), 1)", "wn"))
    assert not list(tmp_path.rglob("bntheory_page_*"))
