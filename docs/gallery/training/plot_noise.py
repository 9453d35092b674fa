"""
What does label noise do to the end of training?
================================================

With weight decay the length L comes to rest, and so does the effective learning rate. Noise S
keeps the weights moving, so the student ends with a longer weight vector, a smaller effective
rate, and an error that grows with S.
"""

import bntheory as bn
import numpy as np

problem = bn.Problem(scheme="wn", eta=0.5, weight_decay=0.1)
path = bn.follow(problem, "noise", np.linspace(0.05, 1.0, 20))
path.plot()

# %%
# Without weight decay L grows for ever and the effective rate anneals itself: then noise leaves the
# end where it was, and only makes the way there longer.

for noise in (0.0, 0.5):
    end = bn.fixed_points(bn.Problem(scheme="wn", noise=noise)).reached
    print(f"S = {noise}: {end.kind} at Q = {end.Q:.4f}, R = {end.R:.4f}")
