"""How bad input is reported: exit status 2 and one message that names the option."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import rich_click as click

from ..results.errors import InputError

#: How alike, from 0 to 1, a mistyped name is to the one that is suggested for it.
ALIKE = 0.7
#: Parameters that are given by options of other names.
ELSEWHERE = {"parameters": "set", "low": "eta", "high": "eta"}


def option_name(parameter: str) -> str:
    """``batch_size`` -> ``--batch-size``, or as the running command calls it."""
    usual = "--" + ELSEWHERE.get(parameter, parameter).replace("_", "-")
    context = click.get_current_context(silent=True)
    if context is None:
        return usual
    options = context.command.params
    for known in options:
        if known.name == parameter:
            return known.opts[0] if known.opts[0][:1] == "-" else known.metavar or parameter
    if not any(usual in known.opts for known in options) and any(
        known.name == "named" for known in options
    ):
        return f"--set {parameter}"  # a number of the user's own
    return usual


def plainly(value: object) -> str:
    """A value as files and command lines have it, not as Python prints it."""
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, dict | list | tuple | bool | None):
        try:
            return json.dumps(value)
        except (TypeError, ValueError):
            return str(value)
    return repr(value.tolist() if hasattr(value, "tolist") else value)


@contextmanager
def bad_input() -> Iterator[None]:
    """Turn a ``ValueError`` into exit 2 with one message that names the option."""
    try:
        yield
    except InputError as error:
        message = error.said_of(option_name(error.parameter), plainly) + _suggestion(error)
        raise click.UsageError(message) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except MemoryError as error:
        raise click.UsageError(f"that takes more memory than there is: {error}") from None


def _suggestion(error: InputError) -> str:
    """The accepted name that a mistyped one is nearest to, with the number that was given."""
    head, colon, number = str(error.value).strip().lower().replace("_", "-").partition(":")
    names = {name.partition(":")[0]: name for name in error.names}
    near = get_close_matches(head, names, 1, ALIKE)
    if not near or (near[0] == head and (colon or ":" not in names[head])):
        return ""
    takes = ":" in names[near[0]]
    meant = f"{near[0]}:{number}" if takes and number else names[near[0]]
    return f" (did you mean {meant!r}?)"
