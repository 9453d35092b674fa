"""
How carefully must the learning rate be chosen?
===============================================

The error at t = 20 against eta, a flow a point: plain SGD and weight normalisation (WN), with label
noise S = 0.1. Points are the best rates that a search finds.
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np

figure, axes = plt.subplots(figsize=(6, 3.8))
eta = np.geomspace(0.1, 20, 80)
for scheme, marker in (("sgd", "o"), ("wn", "s")):
    problem = bn.Problem(scheme=scheme, noise=0.1)
    found = bn.sweep(problem, eta=eta, time=20, quantity="final-error")
    best = bn.best_learning_rate(problem, time=20)
    (line,) = axes.loglog(eta, found.final_error, label=f"{scheme}, best {best.eta:.2f}")
    axes.loglog(best.eta, best.error, marker, color=line.get_color(), markersize=7)
axes.set(xlabel=r"learning rate $\eta$", ylabel=r"generalisation error at $t = 20$", ylim=(4e-3, 1))
axes.legend()

# %%
# SGD has a narrow valley: beyond about twice its best rate it no longer learns. WN does hardly
# worse at ten times its best rate, because its weights grow until the effective rate is right.
