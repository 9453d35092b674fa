"""
Do the inputs have to be Gaussian?
==================================

The theory is written for Gaussian inputs. As N grows, fields are sums of many terms, and Gaussian
whatever the entries of the inputs are. BN students in 400 dimensions, with five laws:
"""

from bntheory.figures.universality import universality

found = universality(dim=400, runs=16)
found.plot()

# %%
# They follow one flow. The largest deviations of Q and R, in standard errors of 16 runs (the next
# order in 1/N included):

for law in found.runs:
    print(f"{law:12s} {found.largest_z(law):.2f}")
