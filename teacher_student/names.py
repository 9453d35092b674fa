"""Names in any case and spelling, and the one by which each is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

#: Other names of activations.
ACTIVATION_ALIASES = {
    "linear": "identity",
    "swish": "silu",
    "hardtanh": "hard-tanh",
    "leakyrelu": "leaky-relu",
}
#: Other names of schemes, as frameworks call their layers.
SCHEME_ALIASES = {
    "batch-norm": "bn",
    "batchnorm": "bn",
    "weight-norm": "wn",
    "weightnorm": "wn",
    "layer-norm": "ln",
    "layernorm": "ln",
    "rms-norm": "rms",
    "rmsnorm": "rms",
    "batchrenorm": "batch-renorm",
}


def canonical(value: Any, names: Collection[str], aliases: Mapping[str, str] | None = None) -> Any:
    """The name that is meant; what is no name, such as a formula, stays as it is.

    Parameters
    ----------
    value
        A name in any case, with underscores or hyphens, and with its number where it has one.
    names
        The names that there are; ``huber:C`` is one with a number.
    aliases
        Other names for some of them.

    Examples
    --------
    >>> canonical("Leaky_ReLU", ("relu", "leaky-relu")), canonical("H + 1", ("relu",))
    ('leaky-relu', 'H + 1')
    >>> canonical("Huber:2", ("squared", "huber:C"))
    'huber:2'
    """
    if not isinstance(value, str):
        return value
    head, colon, number = value.strip().lower().replace("_", "-").partition(":")
    head = (aliases or {}).get(head, head) if not colon else head
    known = {name.partition(":")[0] for name in names if bool(colon) == (":" in name)}
    return head + colon + number.strip() if head in known else value
