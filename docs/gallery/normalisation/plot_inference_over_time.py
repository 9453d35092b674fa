"""
Does it matter that running statistics lag?
===========================================

Small networks, or a small momentum of the running statistics: while they are averaged the weights
grow, and the running variance stays behind. Theory, and runs that keep running statistics as torch
does.
"""

import bntheory as bn

problem = bn.Problem("identity", batch_size=8, eta=6.0, running_rate=0.5)
found = bn.inference_over_time(problem, time=8, points=33, runs=32)
found.plot()

# %%
# The error of the deployed network falls below that with the population's statistics, and comes
# back: training settles at a gamma that is too small for deployment, and a running variance that
# is too small makes up for it for a while.

print(f"largest deviation of the runs: {found.max_abs_z:.1f} standard errors")
