"""
How far does a single run scatter around the curve?
===================================================

Theory predicts the covariance of one run to first order in 1/N. The band should hold 95% of the
runs; thin lines are 12 of them at N = 300.
"""

import bntheory as bn
import matplotlib.pyplot as plt

problem, dim = bn.Problem(scheme="wn", eta=0.5), 300
flow = bn.integrate(problem, time=20)
std = bn.fluctuations(problem, time=20).std(dim)
runs = bn.simulate(problem, dim=dim, runs=200, time=20, seed=1)

figure, panels = plt.subplots(1, 2, figsize=(8, 3.6))
for axes, name in zip(panels, ("Q", "R"), strict=True):
    mean = flow.values[name]
    axes.plot(runs.t, runs.values[name][:12].T, color="0.6", linestyle="-", linewidth=0.5)
    band = axes.fill_between(flow.t, mean - 2 * std[name], mean + 2 * std[name], alpha=0.3)
    (line,) = axes.plot(flow.t, mean)
    axes.set(xlabel="time $t$ = steps / $N$", ylabel=f"${name}$")
panels[1].legend([line, band], ["flow", "95% of runs, predicted"], loc="lower right")

inside = abs(runs.Q - flow.Q)[:, 1:] < 2 * std["Q"][1:]
print(f"{100 * inside.mean():.1f}% of all stored Q lie in the band")

# %%
# A single run of a small network tells little about the theory; the mean of many tells much.
