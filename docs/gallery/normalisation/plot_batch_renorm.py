"""
Does batch renormalisation become population normalisation?
===========================================================

Gamma and overlap of a linear student, in batches of 8: from batch normalisation over wider and
wider clips of its corrections, beside population normalisation.
"""

import bntheory as bn
import matplotlib.pyplot as plt

base = bn.Problem("identity", "batch-renorm", batch_size=8, running_momentum=0.01)
shown = {
    "bn": base.replace(scheme="bn"),
    r"$r_{max}$ = 1.1, $d_{max}$ = 0.1": base.replace(r_max=1.1, d_max=0.1),
    r"$r_{max}$ = 3, $d_{max}$ = 5": base.replace(r_max=3.0, d_max=5.0),
    "pn, no decay": base.replace(scheme="pn", zeta=0.0),
}
figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4))
flows = {name: bn.integrate(problem, time=20) for name, problem in shown.items()}
for (name, flow), style in zip(flows.items(), ("-", "--", "-.", ":"), strict=True):
    left.plot(flow.t, flow.Q, style, label=name)
    right.semilogy(flow.t, 1 - flow.R, style, label=name)
left.set(xlabel="time, steps / N", ylabel=r"$\gamma$", ylim=(0.3, 1.05))
right.set(xlabel="time, steps / N", ylabel="misalignment $1 - R$")
right.legend(loc="lower left", fontsize="small")

# %%
# Gamma rests at that of the population, which is what the corrections are for. The overlap does
# not follow pn: the gradient still flows through the batch's mean and spread, and six eighths of
# what moves the weights are left. Batch normalisation is faster than its correction, since it
# divides by the spread of its own small batches.

for name, flow in flows.items():
    print(f"{name:34s} gamma {flow.Q[-1]:.4f}, 1 - R at t = 10: {1 - flow.R[50]:.5f}")
