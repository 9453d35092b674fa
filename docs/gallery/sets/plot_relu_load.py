"""
What does a ReLU student learn from them?
=========================================

The replica theory of a ReLU student, solid where it may be trusted. Where its curve is dashed it
is not a prediction: either its solution is unstable, or no descent that was tried reaches it.
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np

alpha = np.linspace(0.5, 8, 31)
figure, axes = plt.subplots(figsize=(6, 3.8))
for zeta, color in ((1 / 128, "C0"), (0.25, "C1")):
    found = bn.generalization("relu", alpha, noise=0.25, zeta=zeta)
    trusted = np.where(found.trusted, found.error, np.nan)
    axes.plot(alpha, found.error, color=color, linestyle="--")
    axes.plot(alpha, trusted, color=color, linestyle="-", label=rf"$\zeta$ = {zeta:.2g}")
    print(f"zeta = {zeta:.2g}: {found.message or 'valid at every load'}")
axes.plot([], [], color="0.4", linestyle="--", label="theory not valid")
axes.set(xlabel=r"load $\alpha$ = P / N", ylabel=r"generalisation error $\epsilon$")
axes.legend()

# %%
# At zeta = S the theory stands at every load; with little decay only from about alpha = 4 on.
