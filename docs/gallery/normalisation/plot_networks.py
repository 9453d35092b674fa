"""
Do real networks show it?
=========================

Section 5 of the paper, with small residual networks on Fashion-MNIST: curves from the records of
trained networks that come with the package. Bands are one standard deviation over seeds.
"""

from bntheory.cnn.evaluation.claims import judge_claims
from bntheory.cnn.evaluation.collection import committed
from bntheory.figures.figure2 import figure2

records = committed("cpu")
figure2(records).plot()

# %%
# In part. Which of the paper's claims these records show, and how surely:

for verdict in judge_claims(records).verdicts:
    print(f"{verdict.claim.figure}: {verdict.claim.statement}: {verdict.text}")
