"""
Who minds an ill-conditioned input?
===================================

The time until the overlap is 0.99 against the condition number of the inputs, with the teacher in
the head of the spectrum (large eigenvalues) and in its tail; every scheme at the same eta = 0.5.
Beside it how a teacher in the tail is learned, block by block.
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np

figure, (times, blocks) = plt.subplots(1, 2, figsize=(8, 3.6))
conditions = np.geomspace(2, 100, 12)
schemes = {"sgd": "C0", "pn": "C1"}
for scheme, color in schemes.items():
    for teacher, style in (("head", ":"), ("tail", "-")):
        problem = bn.Problem("identity", scheme, batch_size=16, zeta=0, spectrum=f"two:2:{teacher}")
        found = bn.sweep(problem, condition=conditions, quantity="time-to:0.01", time=2000)
        times.loglog(conditions, found["time_to_0_01"], style, color=color,
                     label=f"{scheme}, {teacher}")  # fmt: skip
times.set(xlabel="condition number", ylabel="time to an error of 0.01")
times.legend(fontsize=7)

problem = bn.Problem("identity", "pn", batch_size=16, zeta=0, spectrum="power:1:4:tail")
flow = bn.integrate(problem, time=15, points=200)
spectrum = problem.spectrum_
cosine = flow.blocks["A"] / np.sqrt(flow.blocks["C"] * np.array(spectrum.powers))
for b, value in enumerate(spectrum.eigenvalues):
    blocks.plot(flow.t, cosine[:, b], color=plt.cm.viridis(b / 3), label=f"{value:.3g}")
blocks.set(xlabel="$t$", ylabel="overlap of the weights in a block")
blocks.legend(fontsize=7, title="eigenvalue", title_fontsize=7)
figure.tight_layout()

# %%
# A teacher in the tail costs SGD more the worse the condition number is. PN divides by the
# spread of the field, which is small there, and so has a larger effective rate at the same eta.
