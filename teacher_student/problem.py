"""`Problem`: everything that defines one teacher-student setting, validated once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..results.checks import integer
from .activations import ACTIVATIONS, Activation
from .committee.checks import check_units
from .committee.values import Matrix, Vector
from .learning_rate import rate
from .loss_checks import check_loss
from .momentum import limit
from .named_numbers import Numbers, checked_numbers
from .order_parameters import Ordered
from .parameter_files import Described
from .parameters import PARAMETERS
from .problem_checks import (
    check_flags,
    check_named,
    check_scheme_has,
    check_used,
    checked_statistics_size,
    formulas_as_text,
    known_names,
)
from .resolved import Resolved
from .schemes import BATCH_SIZES, DECAYS, OTHER_BATCH_SIZE, OTHER_DECAY, SCHEMES, Scheme
from .spectral import Anisotropic, check_spectrum, checked_spectrum
from .supervision import Supervised

#: Largest batch: of a scheme with batch statistics, whose flow is within 1e-6 of that of the
#: population there; and of any other, where gradient noise is below rounding.
LARGEST_BATCH, LARGEST_PLAIN_BATCH = 10**6, 10**12


@dataclass(frozen=True, repr=False)
class Problem(Described, Resolved, Supervised, Anisotropic, Ordered):
    """A teacher, a student, and how the student is trained (theory page 1).

    Parameters
    ----------
    activation
        A shipped name (``relu identity erf tanh sigmoid softplus gelu leaky-relu silu elu selu
        hard-tanh``), in any case, or a formula in ``h``.
    scheme
        A shipped name (``sgd wn pn bn mean-only-bn var-only-bn frozen tracked batch-renorm``) or
        a field formula in ``a, n2, gamma, beta, N, mu, sigma``
        (see `bntheory.teacher_student.schemes`).
    eta
        Learning rate of the weights, positive; or a formula in ``t`` (time = steps / N).
    gamma_rate
        Learning rate of gamma (and beta) in units of ``eta / N``, positive.
    zeta
        Gamma decay in the *flow* of gamma, ``d gamma/dt = eta (... - zeta gamma)``, at least
        0; ``"auto"`` is the value that section 2 gives for this batch size. Default 0,
        ``"auto"`` for ``pn``.
    noise
        Label-noise variance S, at least 0.
    batch_size
        M, fresh examples a step, at most 10^6 for a scheme with batch statistics. Default 32; 1
        for ``sgd`` and ``wn``.
    weight_decay
        lambda, at least 0: every step also does ``w -= eta lambda w / N``.
    statistics_size
        m, examples that share batch statistics: ghost batches, gradient accumulation, workers
        without synchronisation. It divides the batch size M; by default it is M, whatever M
        becomes. Of schemes without batch statistics it is what ``zeta="auto"`` imitates.
    q0, r0, l0
        Start: gamma (the length, where there is no gamma), overlap, and length. ``l0`` has no
        meaning for a student without gamma.
    train_beta
        Whether the shift ``beta`` is trained, from 0; otherwise it stays 0.
    momentum
        Of weights and trained scalars, from 0 to below 1, as torch's: ``buf = momentum buf +
        grad``, ``w -= eta buf``. The decay of gamma is part of its gradient.
    nesterov
        Whether the step is ``eta (grad + momentum buf)``.
    decoupled_decay
        Whether weight decay stays out of the gradient: ``w -= eta lambda w / N`` beside the step.
    loss
        Of one example: ``squared absolute logistic hinge huber:C`` or a formula in the label ``y``
        and the output ``o`` (`bntheory.teacher_student.losses`).
    labels
        ``teacher`` (``g(v)`` plus noise), ``sign`` (of v) or ``bernoulli:K``, which is 1 with
        probability ``1/(1 + exp(-K v))`` and else -1.
    noise_law
        ``gaussian`` or ``student-t:NU``, times sqrt(S).
    clip
        Threshold of one example's gradient in units of ``|x| = 1``: the signal of an example
        whose ``|delta df/da|`` is larger is made smaller by a factor. Default None.
    frozen_std
        The spread, positive, that scheme ``frozen`` divides by.
    running_momentum
        rho, above 0 and at most 1, torch's ``momentum`` of a norm: how much of the running
        statistics every batch replaces.
    running_rate
        r, positive: a momentum ``rho = r / N`` in place of ``running_momentum``. Running
        statistics then forget in a time 1/r, in which the weights move. Default None.
    r_max, d_max
        Of ``batch-renorm``: r stays within ``1/r_max`` and ``r_max`` (at least 1), d within
        ``-d_max`` and ``d_max`` (at least 0).
    spectrum
        Of the inputs' covariance (theory page 11): ``"1"``; ``EIGENVALUE:FRACTION:POWER,...`` or a
        list of such triples, the power being the teacher's squared length in the block over N;
        ``power:ALPHA[:BLOCKS][:TEACHER]``; ``two:RATIO[:TEACHER]``, two equal blocks; or
        ``FILE.npy[:BLOCKS][:TEACHER]`` of eigenvalues, or of examples whose covariance is
        measured. TEACHER says where its power is: ``equal head tail``. Powers are scaled so that
        the teacher's field has variance 1.
    condition
        Condition number, at least 1, that the logarithms of the spectrum's eigenvalues are
        stretched to at a fixed mean. Default None.
    parameters
        Numbers by the names that they have in formulas: ``{"c": 1.2}`` for ``"tanh(c*h)"``. They
        can be swept and fitted as every other number is.
    units, teacher_units
        K and T, units of a committee (`bntheory.teacher_student.committee`). ``ln`` and ``rms``
        need several: their mu and sigma are those of an example across its units.
    second_layer
        Of a committee, K numbers ``a_k``; ones by default. They are not trained.
    teacher_overlap
        Of a committee, T x T: ``w*_n . w*_m / N``; the identity by default.
    start
        Of a committee, instead of ``q0, r0, l0``: ``symmetric:EPS``, ``random``, or ``{"gamma":
        [K], "A": [K][T], "C": [K][K]}``, overlaps with the teachers and with each other.

    Raises
    ------
    ValueError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> problem = Problem(activation="relu", scheme="pn", eta=1.0)
    >>> problem.batch_size, problem.zeta
    (32, 'auto')
    >>> Problem.from_json(problem.to_json()) == problem
    True
    """

    activation: str = PARAMETERS["activation"].default
    scheme: str = PARAMETERS["scheme"].default
    eta: float | str = PARAMETERS["eta"].default
    gamma_rate: float = PARAMETERS["gamma_rate"].default
    zeta: float | str | None = PARAMETERS["zeta"].default
    noise: float = PARAMETERS["noise"].default
    batch_size: int | None = PARAMETERS["batch_size"].default
    weight_decay: float = PARAMETERS["weight_decay"].default
    statistics_size: int | None = PARAMETERS["statistics_size"].default
    q0: float = PARAMETERS["q0"].default
    r0: float = PARAMETERS["r0"].default
    l0: float = PARAMETERS["l0"].default
    train_beta: bool = PARAMETERS["train_beta"].default
    momentum: float = PARAMETERS["momentum"].default
    nesterov: bool = PARAMETERS["nesterov"].default
    decoupled_decay: bool = PARAMETERS["decoupled_decay"].default
    loss: str = PARAMETERS["loss"].default
    labels: str = PARAMETERS["labels"].default
    noise_law: str = PARAMETERS["noise_law"].default
    clip: float | None = PARAMETERS["clip"].default
    frozen_std: float = PARAMETERS["frozen_std"].default
    running_momentum: float = PARAMETERS["running_momentum"].default
    running_rate: float | None = PARAMETERS["running_rate"].default
    r_max: float = PARAMETERS["r_max"].default
    d_max: float = PARAMETERS["d_max"].default
    units: int = PARAMETERS["units"].default
    teacher_units: int = PARAMETERS["teacher_units"].default
    second_layer: Vector | None = PARAMETERS["second_layer"].default
    teacher_overlap: Matrix | None = PARAMETERS["teacher_overlap"].default
    start: str | Mapping[str, Any] | None = PARAMETERS["start"].default
    spectrum: str = PARAMETERS["spectrum"].default
    condition: float | None = PARAMETERS["condition"].default
    parameters: Mapping[str, float] = field(default=Numbers())

    def __post_init__(self) -> None:
        self._set(**formulas_as_text(self))
        self._set(**known_names(self))
        self._set(parameters=checked_numbers(self.parameters, PARAMETERS))
        check_named("activation", self.formula("activation"), Activation.named, ACTIVATIONS)
        check_named("scheme", self.formula("scheme"), Scheme.named, SCHEMES)
        check_used(self)
        for name, row in PARAMETERS.items():
            if row.checked_alone:
                self._set(**{name: row.bounded(getattr(self, name))})
        self._set(eta=rate(self.eta, self.parameters))
        if self.batch_size is None:
            self._set(batch_size=BATCH_SIZES.get(self.scheme, OTHER_BATCH_SIZE))
        bounds = (2, LARGEST_BATCH) if self.uses_batch else (1, LARGEST_PLAIN_BATCH)
        self._set(batch_size=integer("batch_size", self.batch_size, *bounds))
        if self.zeta is None:  # what batch statistics imply is known for the squared loss
            self._set(zeta=DECAYS.get(self.scheme, OTHER_DECAY) if self.squares else OTHER_DECAY)
        if self.zeta != "auto":
            self._set(zeta=PARAMETERS["zeta"].bounded(self.zeta, " or 'auto'"))
        if self.zeta != 0.0:
            check_scheme_has(self, "zeta", "gamma")
        if self.statistics_size is not None:
            self._set(statistics_size=checked_statistics_size(self))
        check_flags(self)
        check_loss(self)
        if self.running_rate is not None:
            self._set(running_rate=PARAMETERS["running_rate"].bounded(self.running_rate))
        if self.train_beta:
            check_scheme_has(self, "train_beta", "beta")
        check_units(self)
        self._set(**checked_spectrum(self))
        check_spectrum(self)

    def _usual(self) -> dict[str, Any]:
        return {"batch_size": BATCH_SIZES.get(self.scheme, OTHER_BATCH_SIZE),
                "zeta": DECAYS.get(self.scheme, OTHER_DECAY)}  # fmt: skip

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def M(self) -> int:
        """The batch size, resolved."""
        assert self.batch_size is not None
        return self.batch_size

    @property
    def m(self) -> int:
        """How many examples share batch statistics, resolved."""
        return self.statistics_size or self.M

    @cached_property
    def limit(self) -> Problem:
        """The problem without momentum that has the same flow as N grows at fixed momentum."""
        return limit(self)
