"""
Where does batch normalisation stop a logistic loss?
====================================================

On labels that a student can be right about, the logistic loss makes a weight-normalised student's
scale larger for ever. Batch statistics do not: the batch's mean moves every threshold at random,
so that even an aligned student is sometimes wrong, and gamma saturates.
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np
from bntheory.odes.equilibria.saturation import saturated_gamma

signs = bn.Problem(
    "identity", "bn", eta=4.0, gamma_rate=4.0, batch_size=8, loss="logistic", labels="sign", r0=0.5
)
sizes = [4, 5, 6, 8, 12, 16, 24, 32, 64, 128]
rest = [saturated_gamma(signs.replace(batch_size=m)) for m in sizes]
figure, axes = plt.subplots(figsize=(4.6, 3.4))
axes.loglog(sizes, rest, "-", label="aligned, theory")
axes.loglog(sizes, np.pi * np.sqrt(np.array(sizes) / 3), "k:", label=r"$\pi\sqrt{m/3}$")
for m in (5, 8, 16):
    runs = bn.simulate(signs.replace(batch_size=m), dim=200, runs=8, time=300, points=3, seed=m)
    there = saturated_gamma(signs.replace(batch_size=m), R=float(runs.mean["R"][-1]))
    measured, error = runs.mean["gamma"][-1], runs.sem["gamma"][-1]
    axes.errorbar([m], [measured], 2 * error, fmt="o", color="C1")
    print(f"m = {m}: gamma of runs {measured:.3f}({error:.3f}), theory at their R {there:.3f}")
axes.set(xlabel="examples that share statistics, m", ylabel=r"$\gamma$ in the end")
axes.legend()

# %%
# Runs have not aligned altogether, and are below the curve by what that costs.
