"""What stands before the equations: they are read without the manual."""

import bntheory as bn
import pytest


@pytest.mark.parametrize(
    ("scheme", "shared"), [("bn", True), ("mean-only-bn", True), ("wn", False)]
)
def test_equations_in_m_say_what_it_is(scheme, shared):
    derived = bn.derive(bn.Problem("identity", scheme))
    symbols = {str(s) for e in derived.equations.values() for s in e.free_symbols}
    said = [line for line in derived.preamble() if line.startswith("m of a step's M examples")]
    assert ("m" in symbols) == shared == (len(said) == 1)
    assert all(line in derived.text() and line in derived.python() for line in said)
