"""
How fast does logistic regression learn separable labels?
=========================================================

Labels are the sign of the teacher's field: a linear student can be right about all of them, and
the logistic loss never lets it rest. Scale and misalignment over time, at three learning rates.
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np

times = np.concatenate([[0.0], np.geomspace(0.1, 1e5, 61)])
figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4))
flows = {}
for eta, style in ((0.2, "-"), (1.0, "--"), (5.0, "-.")):
    problem = bn.Problem("identity", "wn", eta=eta, batch_size=4, loss="logistic", labels="sign")
    flows[eta] = flow = bn.integrate(problem, times=times)
    left.loglog(times[1:], flow.Q[1:], style, label=rf"$\eta$ = {eta:g}")
    right.loglog(times[1:], flow.error01[1:], style)
left.loglog(times[40:], 1.1 * times[40:] ** (1 / 3), "k:", label="$t^{1/3}$")
right.loglog(times[40:], 0.2 * times[40:] ** (-1 / 3), "k:")
left.set(xlabel="time, steps / N", ylabel=r"scale $\gamma$")
right.set(xlabel="time, steps / N", ylabel="0-1 error")
left.legend()

# %%
# No logarithm: examples come as near to the border as they like, so that there is no margin. The
# scale grows like the third root of time and the error falls like its inverse, at every rate.

for eta, flow in flows.items():
    slopes = [np.log(v[-1] / v[-7]) / np.log(times[-1] / times[-7]) for v in (flow.Q, flow.error01)]
    print(f"eta = {eta:g}: exponents {slopes[0]:.3f} and {slopes[1]:.3f} at the end")
