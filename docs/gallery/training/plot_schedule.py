"""
How should the learning rate fall?
==================================

At every moment the rate that lowers the error fastest: the locally optimal schedule. Beside it the
best constant rate for the same time.
"""

import bntheory as bn
import matplotlib.pyplot as plt

figure, (rates, errors) = plt.subplots(1, 2, figsize=(8, 3.6))
for noise in (0.0, 0.2):
    problem = bn.Problem(scheme="wn", noise=noise)
    schedule = bn.optimal_schedule(problem, time=15)
    best = bn.best_learning_rate(problem, time=15)
    constant = bn.integrate(problem.replace(eta=best.eta), time=15)
    (line,) = rates.plot(schedule.t, schedule.eta_eff, label=f"S = {noise}")
    errors.semilogy(schedule.t, schedule.error, color=line.get_color(), linestyle="-")
    errors.semilogy(constant.t, constant.error, color=line.get_color(), linestyle=":")
    print(f"S = {noise}: {best.error / schedule.error[-1]:.2f} times the error at constant rate")
rates.set(xlabel="time $t$ = steps / $N$", ylabel=r"effective rate $\eta Q / L^2$")
errors.set(xlabel="time $t$ = steps / $N$", ylabel=r"error $\epsilon$", ylim=(1e-4, 1))
errors.plot([], [], color="0.4", linestyle="-", label="schedule")
errors.plot([], [], color="0.4", linestyle=":", label="best constant rate")
rates.legend(title="label noise")
errors.legend()

# %%
# With label noise it pays to be fast first and careful later, about like 1/t. Without noise there
# is little to gain.
