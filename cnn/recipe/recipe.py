"""What a run is: data, network, training and machine, validated once. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from ...results.checks import integer, number
from ...results.errors import InputError
from .norm_names import parse_norm

MODELS = ("resnet8", "resnet20", "resnet18")
SCHEDULES = ("constant", "cosine", "steps")
PRECISIONS = ("fp32", "bf16")
#: Below this, oneDNN's convolutions of torch 2.13 write beyond their memory (CPU, float32).
LEAST_WIDTH = 8
DECAYS = ("auto:samples", "auto:positions", "auto:effective")


@dataclass(frozen=True)
class DataChoice:
    """Which images: see `bntheory.cnn.data.data.load`; ``augment`` shifts and flips them."""

    data: str = "synthetic"
    side: int = 0
    train: int = 0
    validation: int = 1000
    augment: bool = False

    def __post_init__(self) -> None:
        integer("side", self.side, 0)
        integer("train", self.train, 0)
        integer("validation", self.validation, 1)


@dataclass(frozen=True)
class Network:
    """Which network and normalisation.

    ``width`` 0 is the model's own; ``only`` names one normalisation that is replaced; ``warmup``
    is the share of the steps that renormalising PN trains as BN; ``start`` is the folder of a run
    whose weights are taken, and a BN network is folded into its kernels if ``norm`` is ``none``.
    With ``zero_gamma`` the last gamma of every residual block is 0 at first, so that a new network
    is its shortcuts alone (Goyal et al. 2017); a network with a ``start``, or without gammas, is
    left as it is.
    """

    model: str = "resnet8"
    width: int = 0
    norm: str = "bn"
    only: str = ""
    warmup: float = 0.1
    gamma_decay: str = "0"
    dropout: float = 0.0
    start: str = ""
    zero_gamma: bool = False

    def __post_init__(self) -> None:
        _choice("model", self.model, MODELS)
        if self.width:
            integer("width", self.width, LEAST_WIDTH)
        parse_norm(self.norm)
        number("warmup", self.warmup, least=0.0, most=1.0)
        if self.gamma_decay not in DECAYS:
            try:
                number("gamma_decay", float(self.gamma_decay), least=0.0)
            except ValueError:
                raise InputError(
                    "gamma_decay",
                    self.gamma_decay,
                    f"a number of at least 0, or one of {' '.join(DECAYS)} is accepted",
                ) from None
        number("dropout", self.dropout, least=0.0, most=0.99)


@dataclass(frozen=True)
class Training:
    """How it is trained: SGD with momentum, for a number of steps.

    Every ``every`` steps (0: an epoch's) the run is judged and a checkpoint written. Weight decay
    is for kernels; gamma and beta have none. Over the share ``rate_warmup`` of the steps the rate
    rises in proportion to the step, on top of its schedule.
    """

    steps: int = 500
    every: int = 0
    batch_size: int = 32
    learning_rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 5e-4
    schedule: str = "cosine"
    rate_warmup: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        integer("steps", self.steps, 1)
        integer("every", self.every, 0)
        integer("batch_size", self.batch_size, 2)
        number("learning_rate", self.learning_rate, above=0.0)
        number("momentum", self.momentum, least=0.0, most=0.999)
        number("weight_decay", self.weight_decay, least=0.0)
        _choice("schedule", self.schedule, SCHEDULES)
        number("rate_warmup", self.rate_warmup, least=0.0, most=1.0)
        integer("seed", self.seed, 0, 2**31 - 1)


@dataclass(frozen=True)
class Machine:
    """Where it runs. ``device`` auto takes CUDA if there is any; ``threads`` 0 is 1 on a CPU of
    fewer than 8 cores and torch's own choice elsewhere; bf16 is for CUDA. With ``graph`` a CUDA
    device is handed whole steps at once, if one process trains."""

    device: str = "auto"
    threads: int = 0
    precision: str = "fp32"
    channels_last: bool = True
    graph: bool = True
    compile: bool = False
    deterministic: bool = False

    def __post_init__(self) -> None:
        integer("threads", self.threads, 0)
        _choice("precision", self.precision, PRECISIONS)
        kind, _, place = self.device.partition(":")
        if kind not in ("auto", "cpu", "cuda") or not (place == "" or place.isdigit()):
            raise InputError("device", self.device, "auto, cpu, cuda or cuda:N is accepted")


@dataclass(frozen=True)
class Recipe:
    """One run.

    Examples
    --------
    >>> recipe = Recipe().change(norm="ghost-bn:16", batch_size=64)
    >>> recipe.network.norm, recipe.training.batch_size
    ('ghost-bn:16', 64)
    >>> Recipe.from_dict(recipe.to_dict()) == recipe
    True
    """

    data: DataChoice = field(default_factory=DataChoice)
    network: Network = field(default_factory=Network)
    training: Training = field(default_factory=Training)
    machine: Machine = field(default_factory=Machine)

    def __post_init__(self) -> None:
        kind, number_of = parse_norm(self.network.norm)
        if kind == "ghost-bn" and self.training.batch_size % number_of:
            raise InputError(
                "batch_size",
                self.training.batch_size,
                f"a multiple of {number_of} is accepted with norm {self.network.norm!r}",
            )
        if self.machine.precision == "bf16" and self.machine.device == "cpu":
            raise InputError("precision", "bf16", "fp32 is accepted on a CPU")

    @property
    def extra(self) -> int:
        """Images a step that have no loss, of `population` normalisation."""
        kind, size = parse_norm(self.network.norm)
        return size if kind == "pn:population" else 0

    def change(self, **values: Any) -> Recipe:
        """A recipe with some fields changed, whichever part they belong to.

        Raises
        ------
        ValueError
            Naming a field that does not exist, or a value that is not accepted.
        """
        parts = {}
        for part in fields(self):
            old = getattr(self, part.name)
            own = {f.name for f in fields(old)}
            parts[part.name] = replace(old, **{n: v for n, v in values.items() if n in own})
            values = {n: v for n, v in values.items() if n not in own}
        if values:
            raise ValueError(f"{next(iter(values))} is not a field of a recipe")
        return Recipe(**parts)

    def to_dict(self) -> dict[str, Any]:
        """The JSON form: one object a part."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Mapping[str, Any]]) -> Recipe:
        """The recipe of a ``config.json``."""
        try:
            flat = {name: value for part in values.values() for name, value in part.items()}
        except AttributeError:
            raise ValueError("a recipe is an object of objects") from None
        return cls().change(**flat)


def _choice(name: str, value: str, accepted: tuple[str, ...]) -> None:
    if value not in accepted:
        raise InputError(name, value, f"one of {' '.join(accepted)} is accepted", accepted)
