"""
Which learning rates are stable, and what happens beyond?
=========================================================

The error at t = 20 over learning rate and gamma decay zeta. On the right of the broken line, which
comes from the Jacobian of the flow and not from the map, alignment is unstable at the length that
the student starts with.
"""

import bntheory as bn
import numpy as np

problem = bn.Problem(scheme="pn", batch_size=1, zeta=0.1)
eta, zeta = np.geomspace(0.25, 16, 49), np.linspace(0, 1, 21)
bn.Sweep(bn.sweep(problem, eta=eta, zeta=zeta, quantity="final-error")).plot()

# %%
# Gamma decay, and so batch normalisation, permits larger rates: Proposition 2 of the paper. Beyond
# the line nothing diverges: a normalised student's weights grow until the effective rate is stable.

for value in (0.0, 0.5, 1.0):
    end = bn.fixed_points(problem.replace(zeta=value)).reached
    print(f"zeta = {value}: stable up to eta = {end.largest_eta:.2f}")
