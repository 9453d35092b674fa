"""
How many blocks does a power law need?
======================================

Eigenvalues ``x^-alpha`` of x from 0.001 to 1, in blocks: what is in a block counts by its mean. The
error of a BN student against the number of blocks, where their edges are geometric in x (as
``--spectrum power:ALPHA:BLOCKS`` has them), and where blocks are equally large (quantiles).
"""

import bntheory as bn
import matplotlib.pyplot as plt
import numpy as np


def blocks_between(edges, alpha, power):
    """Blocks as a problem takes them; the teacher's power goes like the eigenvalue's ``power``."""
    inside = np.log(edges) if alpha == 1 else edges ** (1 - alpha) / (1 - alpha)
    value, share = np.diff(inside) / np.diff(edges), np.diff(edges) / (edges[-1] - edges[0])
    value = value / (share @ value)
    return [tuple(map(float, row)) for row in zip(value, share, share * value**power, strict=True)]


def error(spectrum, time):
    problem = bn.Problem("identity", "bn", eta=0.2, batch_size=16, zeta=0, spectrum=spectrum)
    return bn.integrate(problem, times=[0, time], rtol=1e-9, atol=1e-12).error[-1]


counts = [4, 8, 16, 32, 64]
figure, panels = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
for axes, (alpha, teacher, power, time) in zip(
    panels, [(1.0, "head", 1, 5.0), (1.5, "tail", -1, 50.0)], strict=True
):
    print(f"alpha = {alpha:g}, teacher in the {teacher}, t = {time:g}")
    most = error(blocks_between(np.geomspace(1e-3, 1, 257), alpha, power), time)
    for spread, marker in ((np.geomspace, "o-"), (np.linspace, "s:")):
        kind = "geometric" if spread is np.geomspace else "quantiles"
        found = [error(blocks_between(spread(1e-3, 1, P + 1), alpha, power), time) for P in counts]
        axes.loglog(counts, np.abs(np.array(found) - most), marker, label=kind)
        print(f"  {kind:9}  " + "  ".join(f"{one:.5f}" for one in found))
    print(f"  256 geometric blocks: {most:.5f}")
    axes.set(xlabel="blocks", ylabel="error, off by", title=f"alpha = {alpha:g}, {teacher}")
    axes.set_xticks(counts, counts)
    axes.minorticks_off()
panels[0].legend()

# %%
# With geometric edges what is missing falls like the inverse square of their number, and 32 blocks
# are good to 1e-4 and a little: the head is where the eigenvalue changes. Quantiles have all of it
# in their first block.
