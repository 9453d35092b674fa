"""
How should the learning rate fall?
==================================

At every moment the rate that lowers the error fastest: the locally optimal schedule. Beside it the
best constant rate for the same time.
"""

import bntheory as bn

noisy = bn.optimal_schedule(bn.Problem(scheme="wn", noise=0.2), time=100)
noisy.plot()

# %%
# With label noise it pays to be fast first and careful later, about like 1/t. Without noise there
# is little to gain:

still = bn.optimal_schedule(bn.Problem(scheme="wn"), time=8)
print(f"best constant rate's error over the schedule's: {noisy.gain} with noise, {still.gain} not")
