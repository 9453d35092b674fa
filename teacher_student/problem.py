"""`Problem`: everything that defines one teacher-student setting, validated once."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..codegen.formula import FormulaError, check
from ..results.checks import integer, number
from ..results.errors import InputError
from .activations import ACTIVATIONS, activation_formula
from .parameters import PARAMETERS, Parameter
from .schemes import SCHEMES, scheme_formula, scheme_uses, uses_batch
from .state_space import StateSpace, scalar_student

#: Batch sizes a scheme has unless told otherwise; every other scheme has 32.
SINGLE_EXAMPLE = ("sgd", "wn")
#: Largest batch: of a scheme with batch statistics, whose flow is within 1e-6 of that of the
#: population there; and of any other, where gradient noise is below rounding.
LARGEST_BATCH, LARGEST_PLAIN_BATCH = 10**6, 10**12


@dataclass(frozen=True)
class Problem:
    """A teacher, a student, and how the student is trained (theory.md, section 1).

    Parameters
    ----------
    activation
        A shipped name (``relu identity erf tanh sigmoid softplus gelu leaky-relu``) or a
        formula in ``h``.
    scheme
        A shipped name (``sgd wn pn bn mean-only-bn var-only-bn``) or a field formula in
        ``a, n2, gamma, beta, N, mu, sigma`` (see `bntheory.teacher_student.schemes`).
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
    q0, r0, l0
        Start: gamma (the length, where there is no gamma), overlap, and length. ``l0`` has no
        meaning for a student without gamma.
    train_beta
        Whether the shift ``beta`` is trained, from 0; otherwise it stays 0.

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
    q0: float = PARAMETERS["q0"].default
    r0: float = PARAMETERS["r0"].default
    l0: float = PARAMETERS["l0"].default
    train_beta: bool = PARAMETERS["train_beta"].default

    def __post_init__(self) -> None:
        _named("activation", self.activation, activation_formula, ACTIVATIONS)
        _named("scheme", self.scheme, scheme_formula, SCHEMES)
        self._set(eta=_rate(self.eta))
        if self.batch_size is None:
            self._set(batch_size=1 if self.scheme in SINGLE_EXAMPLE else 32)
        bounds = (2, LARGEST_BATCH) if self.uses_batch else (1, LARGEST_PLAIN_BATCH)
        self._set(batch_size=integer("batch_size", self.batch_size, *bounds))
        for name, row in PARAMETERS.items():
            if row.checked_alone:
                self._set(**{name: bounded(row, getattr(self, name))})
        if self.zeta is None:
            self._set(zeta="auto" if self.scheme == "pn" else 0.0)
        if self.zeta != "auto":
            self._set(zeta=bounded(PARAMETERS["zeta"], self.zeta, " or 'auto'"))
        self._check_scheme_has("zeta", "gamma", self.zeta != 0.0)
        if not isinstance(self.train_beta, bool):
            raise InputError("train_beta", self.train_beta, "true or false is accepted")
        self._check_scheme_has("train_beta", "beta", self.train_beta)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check_scheme_has(self, parameter: str, symbol: str, asked: bool) -> None:
        if asked and symbol not in scheme_uses(self.scheme):
            raise InputError(
                parameter, getattr(self, parameter), f"scheme={self.scheme!r} has no {symbol}"
            )

    @property
    def uses_batch(self) -> bool:
        """Whether the student normalises by statistics of its batch."""
        return uses_batch(self.scheme)

    @property
    def trained_scalars(self) -> tuple[str, ...]:
        """The scalars trained beside the weights, of ``gamma`` and ``beta``."""
        used = scheme_uses(self.scheme)
        return tuple(
            name
            for name, trained in (("gamma", True), ("beta", self.train_beta))
            if trained and name in used
        )

    @property
    def state_space(self) -> StateSpace:
        """The order parameters: the trained scalars, then overlap and length."""
        return scalar_student(self.trained_scalars)

    @property
    def order_parameters(self) -> tuple[str, ...]:
        """The names of the order parameters, in their order in a state."""
        return self.state_space.labels

    @property
    def start_parameters(self) -> dict[str, str]:
        """Which parameter an order parameter starts at; ``beta`` starts at 0."""
        if "gamma" in self.trained_scalars:
            return {"gamma": "q0", "R": "r0", "L": "l0"}
        return {"R": "r0", "L": "q0"}

    @property
    def start(self) -> tuple[float, ...]:
        """The start, in the order of `order_parameters`."""
        given = self.start_parameters
        return tuple(
            getattr(self, given[name]) if name in given else 0.0 for name in self.order_parameters
        )

    @property
    def M(self) -> int:
        """The batch size, resolved."""
        assert self.batch_size is not None
        return self.batch_size

    def replace(self, **changes: Any) -> Self:
        """A copy with some parameters changed.

        Raises
        ------
        ValueError
            For a name that is no parameter, or a value that is not accepted.
        """
        _check_names(changes)
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """The parameters by name, as in ``interface.md``."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """A problem from parameters by name; missing ones take their defaults."""
        _check_names(values)
        return cls(**values)

    def to_json(self) -> str:
        """The problem as one JSON object."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of `to_json`."""
        return cls.from_dict(_table(json.loads(text)))

    def to_toml(self) -> str:
        """The problem as a TOML document."""
        import tomli_w

        return tomli_w.dumps(self.to_dict())

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The inverse of `to_toml`."""
        return cls.from_dict(tomllib.loads(text))

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a problem from a ``.toml`` or ``.json`` file.

        A JSON file may be a result of this package: its ``problem`` is taken.
        """
        return cls.from_dict(read_parameters(path))


def read_parameters(path: str | Path) -> dict[str, Any]:
    """The parameters in a ``.toml`` or ``.json`` file, not yet completed by defaults.

    Raises
    ------
    ValueError
        If the file cannot be read, or is not such a table.
    """
    path = Path(path)
    shown = str(path)
    if path.suffix not in (".toml", ".json"):
        raise InputError("problem", shown, "a file ending in .toml or .json is accepted")
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError("problem", shown, f" cannot be read: {reason}") from None
    try:
        table = _table(values)
        table = _table(table["problem"]) if "problem" in table else table
        _check_names(table)
    except ValueError as error:
        raise InputError("problem", shown, str(error)) from None
    return table


def _table(values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        kind = type(values).__name__
        raise ValueError(f"a problem is a table of names and values, not a {kind}")
    return values


def _check_names(values: Mapping[str, Any]) -> None:
    names = [field.name for field in dataclasses.fields(Problem)]
    for name in values:
        if name not in names:
            raise ValueError(f"unknown parameter {name!r}; accepted are {', '.join(names)}")


def _named(parameter: str, value: object, formula: Any, names: Collection[str]) -> None:
    if not isinstance(value, str):
        raise InputError(parameter, value, "a name or a formula is accepted")
    try:
        formula(value)
    except FormulaError as problem:
        reason = str(problem).removeprefix(f"{value!r}: ")
        raise InputError(parameter, value, reason, names) from None


def bounded(row: Parameter, value: object, also: str = "") -> float:
    """A number within the bounds of a parameter."""
    return number(row.name, value, above=row.above, least=row.least, most=row.most, also=also)


def _rate(eta: object) -> float | str:
    """The learning rate as a number where it is one, else as a checked formula in t."""
    row, also = PARAMETERS["eta"], " or a formula in t"
    if not isinstance(eta, str):
        return bounded(row, eta, also)
    try:
        constant = float(eta)
    except ValueError:
        pass
    else:
        return bounded(row, constant, also)
    try:
        check(eta, row.formula_in.split())
    except FormulaError as problem:
        reason = str(problem).removeprefix(f"{eta!r}: ")
        raise InputError("eta", eta, reason) from None
    return eta
