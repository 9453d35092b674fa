"""How pictures name quantities: the paper's symbols, each with its word."""

from __future__ import annotations

#: By the names of options, columns and JSON keys.
LABELS = {
    "Q": "scale $Q$",
    "R": "overlap $R$",
    "L": "length $L$",
    "R_b": "overlap $R_b$ in a block",
    "C_b": r"square $C_b/\varphi_b$ in a block",
    "error": r"generalisation error $\epsilon$",
    "error01": "0-1 error",
    "gamma": r"scale $\gamma$",
    "beta": r"shift $\beta$",
    "eta": r"learning rate $\eta$",
    "gamma_rate": r"rate of $\gamma$",
    "zeta": r"gamma decay $\zeta$",
    "condition": "condition number",
    "noise": "label noise $S$",
    "batch_size": "batch size $M$",
    "statistics_size": "examples that share statistics, $m$",
    "weight_decay": r"weight decay $\lambda$",
    "momentum": "momentum",
    "q0": "start $Q$",
    "r0": "start $R$",
    "l0": "start $L$",
    "t": "time $t$ = steps / $N$",
    "time": "time $t$ = steps / $N$",
    "dim": "input dimension $N$",
    "alpha": r"effective load $\alpha = P/N$",
    "eta_eff": r"effective rate $\eta_{\mathrm{eff}}$",
    "eta_max": r"largest stable rate $\eta_{\mathrm{max}}$",
    "eta-eff": r"final $\eta_{\mathrm{eff}}$",
    "eta-max": r"$\eta_{\mathrm{max}}$",
    "largest-eta": r"largest stable $\eta$",
    "plateau": "length of the plateau",
    "diverged": "share that diverged",
    "final-error": r"final error $\epsilon$",
}


def label(name: str) -> str:
    """The label of a quantity; its name where the paper has none.

    Examples
    --------
    >>> label("Q"), label("final-R"), label("time-to:0.1"), label("seed")
    ('scale $Q$', 'final overlap $R$', 'time to $\\\\epsilon$ = 0.1', 'seed')
    """
    if name in LABELS:
        return LABELS[name]
    if name.startswith("final-"):
        return f"final {label(name.removeprefix('final-'))}"
    if name.startswith("time-to:"):
        return rf"time to $\epsilon$ = {name.removeprefix('time-to:')}"
    return name
