"""
What if my activation is in no textbook?
========================================

Any formula in ``h`` will do; equations, compiled flow and simulator follow from it. This is swish,
``h / (1 + exp(-h))``, with a PN student.
"""

import bntheory as bn

swish = bn.Problem(activation="h/(1+exp(-h))", scheme="pn", eta=2.0)
verdict = bn.compare(swish, dim=1000, runs=32, time=20)
verdict.plot()

# %%
# Derivation, quadrature and simulation share nothing but the formula, and agree:

print(verdict.verdict)
