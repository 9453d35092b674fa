"""
Does normalisation make training faster?
========================================

Plain SGD, weight normalisation (WN) and batch normalisation (BN), from the same start, at the same
learning rate and batch size. Each curve is the flow of that scheme, without approximation.
"""

import bntheory as bn
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 3.8))
for scheme in ("sgd", "wn", "bn"):
    flow = bn.integrate(bn.Problem(scheme=scheme, eta=1.0, batch_size=32), time=25)
    axes.semilogy(flow.t, flow.error, label=scheme)
    print(f"{scheme:4s} error {flow.error[-1]:.2e} at t = 25, Q = {flow.Q[-1]:.4f}")
axes.set(xlabel="time $t$ = steps / $N$", ylabel=r"generalisation error $\epsilon$", ylim=(1e-6, 1))
axes.legend()

# %%
# Not by itself. A normalised student turns at the effective rate ``eta Q / L^2``, which is small at
# a start with gamma = 0.5; plain SGD is ahead. BN goes along with WN, then stops at an error above
# zero, since its gamma ends below the teacher's: regularisation, in a student that needs none.
