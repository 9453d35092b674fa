"""
What does a smaller batch do to my training?
============================================

A training script with weight decay, as it is and with a quarter of the batch: the learning rate
of the weights' direction along training, its equilibrium, and when it is reached.
"""

import bntheory as bn

training = bn.NetworkTraining(
    batch_size=32, learning_rate=0.1, momentum=0.9, weight_decay=5e-4, fan_in=576, noise=0.1
)
found = bn.advise(training, change={"batch_size": 8})
found.plot()

# %%
# Batches of 8 regularise four times as much. Their noise makes the weights longer, so that the
# effective rate is lower; the angle of a step at equilibrium knows no batch size.

for row, ratio in zip(found.rows, found.ratios(), strict=True):
    print(f"{row.quantity:24s} {row.value:10.4g} {row.unit:16s} times {ratio:.3g}")
