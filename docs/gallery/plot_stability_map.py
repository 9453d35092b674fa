"""
From which learning rate on does training fail?
===============================================

The error at t = 20 over learning rate and gamma decay zeta. On the right of the boundary, which
comes from the Jacobian of the flow and not from the map, the aligned student is unstable.
"""

import bntheory as bn
import numpy as np

problem = bn.Problem(scheme="pn", batch_size=1, zeta=0.1)
found = bn.sweep(
    problem,
    eta=np.geomspace(0.25, 16, 40),
    zeta=np.linspace(0, 1, 21),
    quantity="final-error,largest-eta",
)
bn.Sweep(found).plot()

# %%
# Gamma decay, and so batch normalisation, permits larger rates: Proposition 2 of the paper.
