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
    flow = bn.integrate(bn.Problem(scheme=scheme, eta=1.0, batch_size=32), time=40)
    axes.semilogy(flow.t, flow.error, label=scheme)
    print(f"{scheme:4s} error {flow.error[-1]:.2e} at t = 40, Q = {flow.Q[-1]:.4f}")
axes.set(xlabel="time $t$ = steps / $N$", ylabel=r"generalisation error $\epsilon$")
axes.legend()

# %%
# Not by itself: at equal rates the three start alike, since the normalised students set out with
# gamma = 0.5 as the plain one does with its length. BN stops at an error above zero, because its
# gamma ends below that of the teacher: this is regularisation, seen in a student that needs none.
