"""
What does a linear student learn from P = alpha N examples?
===========================================================

Weight normalisation with gamma decay is ridge regression, whose error has a closed form. Points are
students trained by SGD on finite sets.
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np

alpha, noise = np.linspace(0.1, 4, 120), 0.25
figure, axes = plt.subplots(figsize=(6, 3.8))
for zeta, marker in ((0.02, "o"), (0.25, "s"), (1.0, "^")):
    theory = bn.generalization("identity", alpha, noise=noise, zeta=zeta)
    (line,) = axes.plot(alpha, theory.error, label=rf"$\zeta$ = {zeta}")
    for load in (0.5, 1.0, 2.0, 3.5):
        # The decay of a problem is counted per example: zeta against the sum of the losses.
        student = bn.Problem("identity", "sgd", eta=0.2, noise=noise, weight_decay=zeta / load)
        sets = bn.train(student, load, dim=200, runs=8, seed=0)
        mean, sem = sets.mean("error"), sets.sem("error")
        axes.errorbar(load, mean, yerr=2 * sem, fmt=marker, color=line.get_color())
axes.set(xlabel=r"load $\alpha$ = P / N", ylabel=r"generalisation error $\epsilon$")
axes.legend(title=f"label noise S = {noise}")

# %%
# Little decay lets the error peak where examples and unknowns are equal in number; the best decay
# at every load is zeta = S, the noise itself.
