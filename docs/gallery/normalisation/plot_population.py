"""
How good is the paper's picture of batch normalisation?
=======================================================

The paper replaces BN by population normalisation with gamma decay. Both flows are solved here, and
the largest difference along the way is drawn against the batch size.
"""

import bntheory as bn

problem = bn.Problem(activation="identity", scheme="bn", eta=0.5)
found = bn.approximate(problem, batch_sizes=[4, 8, 16, 32, 64, 128], time=20)
found.plot()

# %%
# The difference falls like 1/M and the end agrees one order better:

for size, difference in zip(found.batch_sizes, found.along("Q"), strict=True):
    print(f"M = {size:3d}: Q differs by at most {difference:.4f}")
