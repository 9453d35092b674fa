"""
Does the theory of a BN student hold?
=====================================

The flow is the limit of many dimensions. 64 students with 1000 of them are trained beside it, and
the mean and the scatter of the runs are tested against what theory predicts for N = 1000.
"""

import bntheory as bn

problem = bn.Problem(activation="relu", scheme="bn", eta=0.5, batch_size=32)
verdict = bn.compare(problem, dim=1000, runs=64, seed=0)
verdict.plot()

# %%
# The answer is one sentence, with the rate of false alarms stated:

print(verdict.verdict())
