"""
What if my activation is in no textbook?
========================================

Any formula in ``h`` will do; equations, compiled flow and simulator follow from it. This is swish,
``h / (1 + exp(-h))``, beside ReLU, both with a PN student: curves are flows, points the means of
16 simulated students.
"""

import bntheory as bn
import matplotlib.pyplot as plt

figure, panels = plt.subplots(1, 2, figsize=(8, 3.6))
for activation, marker in (("relu", "o"), ("h/(1+exp(-h))", "s")):
    problem = bn.Problem(activation=activation, scheme="pn", eta=1.0)
    flow = bn.integrate(problem, time=20)
    runs = bn.simulate(problem, dim=1000, runs=16, time=20, points=11)
    for axes, name in zip(panels, ("Q", "R"), strict=True):
        (line,) = axes.plot(flow.t, flow.values[name], label=activation)
        mean, sem = runs.mean[name], runs.sem[name]
        axes.errorbar(runs.t, mean, yerr=2 * sem, fmt=marker, color=line.get_color())
        axes.set(xlabel="time $t$ = steps / $N$", ylabel=f"${name}$")
panels[1].legend(loc="lower right")

# %%
# Derivation, quadrature and simulation share nothing but the formula, and agree within two standard
# errors. ``bn.compare`` makes a test of it.
