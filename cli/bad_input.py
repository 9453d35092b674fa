"""How bad input is reported: exit status 2 and one message that names the option."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import rich_click as click

from ..results.errors import InputError

#: How alike, from 0 to 1, a mistyped name is to the one that is suggested for it.
ALIKE = 0.7


def option_name(parameter: str) -> str:
    """``batch_size`` -> ``--batch-size``; the table of named numbers is given by ``--set``."""
    parameter = "set" if parameter == "parameters" else parameter
    return "--" + parameter.replace("_", "-")


@contextmanager
def bad_input() -> Iterator[None]:
    """Turn a ``ValueError`` into exit 2 with one message that names the option."""
    try:
        yield
    except InputError as error:
        message = error.said_of(option_name(error.parameter)) + _suggestion(error)
        raise click.UsageError(message) from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except MemoryError as error:
        raise click.UsageError(f"that takes more memory than there is: {error}") from None


def _suggestion(error: InputError) -> str:
    """The accepted name that a mistyped one is nearest to, where names are accepted."""
    near = get_close_matches(str(error.value), error.names, 1, ALIKE)
    return f" (did you mean {near[0]!r}?)" if near else ""
