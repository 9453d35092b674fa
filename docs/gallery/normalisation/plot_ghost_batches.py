"""
What do small groups cost when steps are large?
===============================================

Eight workers of eight examples, each with statistics of its own: m = 8 examples share statistics,
M = 64 share a step. Where training ends, for a linear student without noise, over m and at three M.
"""

import bntheory as bn
import matplotlib.pyplot as plt

figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.4))
found = {}
for M, marker, size in ((16, "o", 10), (64, "s", 7), (256, "^", 4)):
    sizes = [m for m in (4, 8, 16, 32, 64, 128, 256) if m <= M]
    for m in sizes:
        problem = bn.Problem("identity", batch_size=M, statistics_size=m)
        found[M, m] = bn.fixed_points(problem).reached
    look = {"marker": marker, "markersize": size, "markerfacecolor": "none", "label": f"$M$ = {M}"}
    left.semilogx(sizes, [found[M, m].Q for m in sizes], **look)
    right.loglog(sizes, [found[M, m].eta_max for m in sizes], **look)
for axes, ylabel in ((left, r"$\gamma$ at the end"), (right, r"largest rate $\eta_{\rm max}$")):
    axes.set(xlabel="statistics size $m$", ylabel=ylabel)
    axes.set_xticks([4, 16, 64, 256], ["4", "16", "64", "256"])
right.set_yticks([20, 50, 100, 200, 500], ["20", "50", "100", "200", "500"])
right.minorticks_off()
left.minorticks_off()
left.legend(loc="lower right")

# %%
# Gamma, and the error with it, is that of a batch of m, whatever M is: the three curves are one.
# The largest rate is that of a step of M, less a factor that depends on m.

whole, groups, small = found[64, 64], found[64, 8], found[16, 16]
print(f"steps of 64, groups of 8: gamma {groups.Q:.4f}; {whole.Q:.4f} if all share statistics")
print(f"largest rate {groups.eta_max:.1f}; {whole.eta_max:.1f} if all share statistics,")
print(f"and {small.eta_max:.1f} in steps of 16 that do")
