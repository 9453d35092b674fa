"""
Where does training go from other starts?
=========================================

Flows of (Q, R) from several starts, with all points at which training can end.
"""

import bntheory as bn

found = bn.fixed_points(bn.Problem(scheme="pn", batch_size=1, zeta=0.1))
found.plot()

# %%
# What it says of the problem's own start:

print(found.summary())
