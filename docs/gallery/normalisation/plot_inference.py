"""
What does a network err once it is deployed?
============================================

One student, three ways to normalise it: by its own batch, as in training; by the population; and
by running statistics, as it is deployed, for four momenta. All against the number of examples that
share statistics.
"""

import bntheory as bn

found = bn.inference(bn.Problem(activation="relu", batch_size=8), at_q=0.9, at_r=0.95)
found.plot()

# %%
# Training mode has the larger error: the noise of a batch's mean and spread is part of the task.
# A momentum of 0.1 is close to population statistics; without memory (momentum 1) and with few
# examples the deployed network is worse than in training mode.

own, population, running = (found.error[n] for n in ("own_batch", "population", "running"))
print(f"m = 8: training mode {own:.4f}, population {population:.4f}, running {running:.4f}")
print(f"best gamma: {found.best_gamma['own_batch']:.4f} in training mode,")
print(f"            {found.best_gamma['running']:.4f} deployed")
