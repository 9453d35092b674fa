"""
Do real networks show it?
=========================

Section 5 of the paper, with small residual networks on Fashion-MNIST: curves from the records of
trained networks that come with the package. Bands are one standard deviation over seeds.
"""

from bntheory.cnn.evaluation.claims import judge_claims
from bntheory.cnn.evaluation.collection import committed
from bntheory.figures.figure2 import figure2
from bntheory.figures.figure4 import figure4

records = committed("cpu")
figure2(records).plot()

# %%
# In part. Which of the paper's claims these records show, and how surely:

for verdict in judge_claims(records).verdicts:
    print(f"{verdict.claim.figure}: {verdict.claim.statement}: {verdict.text}")

# %%
# ResNet18 on CIFAR-10, ten epochs a run on one GPU. What separates the curves here is mostly how
# fast networks train; the page on convolutional networks says why:

full = committed("full")
figure2(full).plot()

# %%
# Fine-tuning with BN, and without it after folding it into the kernels:

figure4(full).plot()

# %%
# And the claims:

for verdict in judge_claims(full).verdicts:
    print(f"{verdict.claim.figure}: {verdict.claim.statement}: {verdict.text}")
