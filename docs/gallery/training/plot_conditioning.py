"""
How does convergence depend on the condition number, at which learning rate?
============================================================================

When the error first is 0.01, over condition number and learning rate: SGD on the left, PN on the
right; above, the teacher has more power where eigenvalues are large (the head), below the same
field in every direction, and so most of its power where they are small (the tail).
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np

figure, maps = plt.subplots(2, 2, figsize=(8, 6), layout="constrained")
condition, eta = np.geomspace(1.5, 300, 15), np.geomspace(0.1, 16, 15)
for row, teacher in zip(maps, ("head", "tail"), strict=True):
    for axes, scheme in zip(row, ("sgd", "pn"), strict=True):
        problem = bn.Problem("identity", scheme, batch_size=4, zeta=0, spectrum=f"two:2:{teacher}")
        found = bn.sweep(problem, condition=condition, eta=eta, quantity="time-to:0.01", time=3000)
        bn.Sweep(found).plot(ax=axes, quantity="time-to:0.01")
        axes.set_title(f"{scheme}, teacher in the {teacher}")

# %%
# The line is the largest stable learning rate. SGD's does not know the condition number: it is
# ``2 M`` over the mean eigenvalue, in the head and in the tail. Conditioning slows, it does not
# destabilise. PN's is the same number for the rate at which the direction learns, ``eta Q / q``. A
# teacher in the tail has a small q, and so a large effective rate: PN is fast there already at
# small eta, and beyond the line its length grows until the rate is stable again.
#
# The same as numbers, at eta = 0.5: times until the overlap is 0.9, 0.99 and 0.999.

print("ratio  teacher  " + "".join(f"{scheme:>24}" for scheme in ("sgd", "pn")))
for ratio in (10, 100):
    for teacher in ("equal", "head", "tail"):
        line = f"{ratio:5d}  {teacher:7}  "
        for scheme in ("sgd", "pn"):
            problem = bn.Problem("identity", scheme, eta=0.5, batch_size=16, zeta=0,
                                 spectrum=f"two:{ratio}:{teacher}")  # fmt: skip
            flow = bn.integrate(problem, time=300, points=12001)
            times = [flow.t[(level < flow.R).argmax()] for level in (0.9, 0.99, 0.999)]
            line += "".join(f"{time:8.1f}" for time in times)
        print(line)
