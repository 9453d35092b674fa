"""
How do two hidden units leave their plateau?
============================================

Two erf units learn a teacher of two, and first learn the same thing. How long that lasts depends on
the normalisation: by the flow (lines), and by the exact chain (markers), whose runs take a quarter
of an hour and come from a record.
"""

import bntheory as bn
from bntheory.figures.plateau import plateau_figure

found = plateau_figure()
found.plot()

# %%
# Exact batch normalisation at M = 8 leaves the plateau before weight normalisation does. The
# paper's decomposition of it, population normalisation with gamma decay, never leaves it here:

for line in found.findings():
    print(line)

# %%
# At small learning rates the rates of growth say the same, over ``eta gamma^2/L^2``:

for activation, rates in found.rates.items():
    shown = (f"{name} {one['rate']:.4f} ± {one['rate_error']:.4f}" for name, one in rates.items())
    print(f"{activation}:", ", ".join(shown))

# %%
# Those of plain and of weight-normalised units are computed in a moment:

wn = bn.Problem("erf", "wn", units=2, teacher_units=2, eta=0.01)
print(bn.fixed_points(wn).summary())
