"""
How many runs would find an error of 1% in the theory?
======================================================

"No difference found" says little without this. For each drift that may be wrong by 1%: the runs
that find it with probability 0.9, against the dimension N.
"""

import bntheory as bn

plan = bn.plan(bn.Problem(scheme="wn"), 0.01, power=0.9, time=10)
plan.plot()

# %%
# The cheapest simulation:

print(plan.advice())
