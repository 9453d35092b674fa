"""The parameters of a problem, each of them once: validation, options and kernels read this table.

To add a parameter, add a row here and a field to `bntheory.teacher_student.problem.Problem`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ..results.checks import number

ACTIVATION_NAMES = "relu identity erf tanh sigmoid softplus gelu leaky-relu silu elu selu hard-tanh"
SCHEME_NAMES = "sgd wn pn bn mean-only-bn var-only-bn frozen tracked batch-renorm ln rms"
OPTIMISER_NAMES = "sgd normalised sign adagrad-norm"
LOSS_HELP = "Name (squared absolute logistic hinge huber:C) or formula in y (label) and o (output)."


@dataclass(frozen=True)
class Parameter:
    """One parameter of a problem.

    Attributes
    ----------
    name, default
        As in Python; a default of None depends on the scheme.
    help
        What it means, in a sentence; the command line shows it.
    kind
        ``float``, ``int``, ``bool``, or ``str`` where a name or a formula is accepted too.
    symbol
        In formulas: ``S`` for the noise.
    above, least, most, below
        Bounds of a number.
    shown
        The default as a user reads it.
    formula_in
        The variables of the formulas that may stand in its place.
    in_kernels
        Whether the flow's kernels take it, in the order of this table.
    """

    name: str
    default: Any
    help: str
    kind: type = float
    symbol: str = ""
    above: float | None = None
    least: float = -math.inf
    most: float = math.inf
    below: float | None = None
    shown: str = ""
    formula_in: str = ""
    in_kernels: bool = False

    @property
    def option_help(self) -> str:
        """The help of the option, with its default."""
        return f"{self.help}  [default: {self.shown or f'{self.default:g}'}]"

    @property
    def checked_alone(self) -> bool:
        """Whether it is a number whose bounds no other parameter changes."""
        return self.kind is float and self.default is not None

    def bounded(self, value: object, also: str = "") -> float:
        """A number within the bounds; ``also`` says what else would be accepted."""
        bounds = {"least": self.least, "most": self.most}
        return number(self.name, value, above=self.above, below=self.below, **bounds, also=also)


_ROWS = (
    Parameter(
        "activation", "relu", f"Name ({ACTIVATION_NAMES}) or formula in h.", str, "g",
        shown="relu", formula_in="h",
    ),
    Parameter(
        "scheme", "bn",
        f"Name ({SCHEME_NAMES}) or field formula in a, n2, gamma, beta, N, mu, sigma.",
        str, "f", shown="bn", formula_in="a n2 gamma beta N mu sigma",
    ),
    Parameter(
        "eta", 0.5, "Learning rate of the weights, > 0, or a formula in t.", str, "eta",
        above=0.0, shown="0.5", formula_in="t", in_kernels=True,
    ),
    Parameter(
        "gamma_rate", 1.0, "Learning rate of gamma in units of eta/N.", symbol="gamma_rate",
        above=0.0, in_kernels=True,
    ),
    Parameter(
        "zeta", None, "Gamma decay >= 0, or auto.", str, "zeta", least=0.0,
        shown="0; auto for pn", in_kernels=True,
    ),
    Parameter(
        "noise", 0.0, "Label-noise variance S >= 0.", symbol="S", least=0.0, in_kernels=True
    ),
    Parameter(
        "batch_size", None, "Batch size M.", int, "M", shown="32; 1 for sgd, wn", in_kernels=True
    ),
    Parameter(
        "weight_decay", 0.0, "Weight decay lambda >= 0.", symbol="lambda", least=0.0,
        in_kernels=True,
    ),
    Parameter(
        "statistics_size", None, "Examples m that share batch statistics; divides the batch size.",
        int, "m", shown="the batch size", in_kernels=True,
    ),
    Parameter("q0", 0.5, "Start: gamma, or length for sgd.", symbol="Q0", above=0.0),
    Parameter("r0", 0.2, "Start: overlap R.", symbol="R0", least=-1.0, most=1.0),
    Parameter("l0", 1.0, "Start: length L.", symbol="L0", above=0.0),
    Parameter("train_beta", False, "Train the shift beta from 0.", bool, shown="no"),
    Parameter(
        "momentum", 0.0, "Momentum of weights and gamma, as torch's, from 0 to below 1.",
        symbol="momentum", least=0.0, below=1.0,
    ),
    Parameter("nesterov", False, "Nesterov's momentum.", bool, shown="no"),
    Parameter(
        "decoupled_decay", False, "Weight decay outside of the momentum.", bool, shown="no"
    ),
    Parameter("loss", "squared", LOSS_HELP, str, "l", shown="squared", formula_in="y o"),
    Parameter(
        "labels", "teacher",
        "teacher (g(v) plus noise), sign (of v), bernoulli:K (1 with probability sigmoid(K v), "
        "else -1).",
        str, "y", shown="teacher",
    ),
    Parameter(
        "noise_law", "gaussian", "gaussian or student-t:NU, times sqrt(S).", str,
        shown="gaussian",
    ),
    Parameter(
        "clip", None, "Threshold of one example's gradient, for inputs of length 1.", symbol="c",
        above=0.0, shown="none",
    ),
    Parameter(
        "step_clip", None, "Threshold of a step's gradient, for inputs of length 1.",
        symbol="c_step", above=0.0, shown="none",
    ),
    Parameter(
        "optimiser", "sgd",
        "sgd, normalised (gradients of length 1), sign (signSGD over sqrt N) or adagrad-norm.",
        str, shown="sgd",
    ),
    Parameter(
        "frozen_std", 1.0, "Spread of scheme frozen, a constant > 0.", symbol="frozen_std",
        above=0.0,
    ),
    Parameter(
        "running_momentum", 0.1, "rho of the running statistics, torch's momentum, in (0, 1].",
        symbol="rho", above=0.0, most=1.0,
    ),
    Parameter(
        "running_rate", None,
        "r = N rho > 0 of running statistics that lag behind the weights, in place of rho.",
        symbol="r", above=0.0, shown="none",
    ),
    Parameter(
        "r_max", 3.0, "Largest correction r of batch-renorm's spread, >= 1.", symbol="r_max",
        least=1.0,
    ),
    Parameter(
        "d_max", 5.0, "Largest correction d of batch-renorm's mean, >= 0.", symbol="d_max",
        least=0.0,
    ),
    Parameter("units", 1, "Units K of the student.", int, "K", shown="1"),
    Parameter("teacher_units", 1, "Units T of the teacher.", int, "T", shown="1"),
    Parameter("second_layer", None, "K numbers, as 1,0.5.", str, "a", shown="ones"),
    Parameter(
        "teacher_overlap", None, "T x T products of the teacher's units, as 1,0.3;0.3,1.", str,
        shown="the identity",
    ),
    Parameter(
        "start", None, "Of several units: symmetric:EPS, random, or a table of gamma, A, C.", str,
        shown="from q0, r0, l0",
    ),
    Parameter(
        "spectrum", "1",
        "Spectrum of the inputs: EIGENVALUE:FRACTION:POWER,..., power:ALPHA[:BLOCKS][:TEACHER], "
        "two:RATIO[:TEACHER] or FILE.npy[:BLOCKS][:TEACHER]; TEACHER is equal, head or tail.",
        str, "Lambda", shown="1",
    ),
    Parameter(
        "condition", None, "Condition number that the eigenvalues of a spectrum are stretched to.",
        symbol="condition", least=1.0, shown="as the spectrum has it",
    ),
)  # fmt: skip

#: All parameters by their names, in the order in which they are told.
PARAMETERS = {row.name: row for row in _ROWS}
#: Those that a flow's kernels take, in the order in which they take them.
KERNEL_PARAMETERS = tuple(row.name for row in _ROWS if row.in_kernels)
#: Those that mean something to one scheme only.
OF_ONE_SCHEME = {"frozen_std": "frozen", "r_max": "batch-renorm", "d_max": "batch-renorm"}
#: The start.
START_PARAMETERS = ("q0", "r0", "l0")
#: What the running statistics' numbers in a flow are made of.
RUNNING_PARAMETERS = ("running_momentum", "r_max", "d_max")
#: Those that a sweep takes as a range.
RANGED_PARAMETERS = (
    *KERNEL_PARAMETERS, "momentum", *RUNNING_PARAMETERS, *START_PARAMETERS, "condition",
)  # fmt: skip
