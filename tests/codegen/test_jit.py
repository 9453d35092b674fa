"""Numba's flags: a kernel is the same machine code whoever calls it first."""

import importlib.util

TEXT = """
from bntheory.codegen.jit import kernel, lane_kernel

@kernel
def inner(a, b, c):
    return a * b + c

@lane_kernel
def outer(a, b, c):
    return 2.0 * inner(a, b, c) + 1.0
"""


def test_a_kernel_first_called_by_lanes_rounds_as_always(tmp_path):
    path = tmp_path / "nested.py"  # in a folder of its own: code from a cache has no text
    path.write_text(TEXT)
    spec = importlib.util.spec_from_file_location("nested", path)
    nested = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(nested)
    nested.outer(1.0, 2.0, 3.0)
    (outer,), (inner,) = (made.inspect_llvm().values() for made in (nested.outer, nested.inner))
    assert " contract " in outer  # the check can see the flag
    assert "contract" not in inner
