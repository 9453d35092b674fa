"""
Do the inputs have to be Gaussian?
==================================

The theory is written for Gaussian inputs. A field is a sum of N terms, and nearly Gaussian whatever
the entries of the inputs are. WN students in 400 dimensions, 16 runs for each of four laws:
"""

import bntheory as bn
import matplotlib.pyplot as plt

problem = bn.Problem(scheme="wn", eta=0.5)
flow = bn.integrate(problem, time=16)
laws = {"gaussian": "o", "rademacher": "s", "laplace": "^", "student-t:5": "D"}

figure, axes = plt.subplots(figsize=(6, 3.8))
axes.plot(flow.t, flow.R, color="0.3", linestyle="-", label="flow, Gaussian inputs")
for place, (law, marker) in enumerate(laws.items()):
    times = [0, *(2 + 0.35 * place + 3 * step for step in range(5))]  # side by side
    runs = bn.simulate(
        problem, dim=400, runs=16, times=times, engine="vectors", inputs=law, seed=place
    )
    mean, sem = runs.mean["R"][1:], runs.sem["R"][1:]
    axes.errorbar(runs.t[1:], mean, yerr=2 * sem, fmt=marker, markerfacecolor="white", label=law)
axes.set(xlabel="time $t$ = steps / $N$", ylabel="overlap $R$")
axes.legend()

# %%
# No: they follow one flow. ``bntheory figure universality`` does the same for BN students.
