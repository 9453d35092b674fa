"""A problem gives one text in every process: tables are kept by problem, not by text."""

import os
import subprocess
import sys

PROGRAM = """
import hashlib
import bntheory as bn
from bntheory.odes.derivation.drift import derive_drift
from bntheory.odes.source.flow_source import system_source
from bntheory.odes.source.fluctuation_source import fluctuation_source
for scheme in ("sgd", "pn"):
    derivation = derive_drift(bn.Problem("tanh", scheme=scheme))
    text = system_source(derivation) + fluctuation_source(derivation, "flow")
    print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_texts_do_not_depend_on_the_order_of_a_set() -> None:
    # The order of the columns of a diffusion's table once came from a set of symbols, whose
    # hashes differ from process to process; three seeds all agreeing by chance is then unlikely,
    # with eight columns.
    texts = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1
    assert texts.pop().count("\n") == 2
