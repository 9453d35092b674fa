"""
How does gamma decay move the end of training?
==============================================

Proposition 1 of the paper says that a ReLU student ends at Q = 1 / (1 + 2 zeta), R = 1. The curve
follows the fixed point of the derived flow, which does not know the formula.
"""

import bntheory as bn
import numpy as np

path = bn.follow(bn.Problem(scheme="pn", batch_size=1), "zeta", np.linspace(0, 1, 21))
path.plot()

# %%
# The two agree:

ends = [(zeta, point) for zeta, point in zip(path.grid, path.branches[0], strict=True) if point]
worst = max(abs(abs(point.Q) - 1 / (1 + 2 * zeta)) for zeta, point in ends)
print(f"largest difference from 1 / (1 + 2 zeta): {worst:.1e}")
