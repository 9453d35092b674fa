"""Kinds of options: choices in any case, files and folders, and options that were renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import rich_click as click
from click.shell_completion import CompletionItem

from ..results.errors import InputError
from .bad_input import bad_input


class Names(click.Choice[str]):
    """One of some names, in any case and with underscores or hyphens; completed by shells."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__([*names], case_sensitive=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as commands have it, or a message that says which there are."""
        names = [str(name) for name in self.choices]
        spelt = str(value).strip().lower().replace("_", "-")
        if spelt in names:
            return spelt
        with bad_input():
            parameter = (param.name if param is not None else None) or "value"
            raise InputError(parameter, value, f"{one_of(names)} is accepted", names)
        return spelt


def one_of(names: Sequence[str]) -> str:
    """``a``, ``a or b``, ``one of a, b or c``.

    Examples
    --------
    >>> one_of(["chain", "vectors"]), one_of(["a", "b", "c"])
    ('chain or vectors', 'one of a, b or c')
    """
    *first, last = names
    if not first:
        return last
    return f"{'one of ' if len(first) > 1 else ''}{', '.join(first)} or {last}"


class Place(click.Path):
    """A file or a folder, completed as such; whether it can be used is said by who uses it.

    Parameters
    ----------
    kind
        ``"file"`` or ``"dir"``, as shells have them.
    names
        Names that are accepted in its place, which are completed too.
    """

    def __init__(self, kind: str = "file", names: Sequence[str] = ()) -> None:
        super().__init__()
        self.kind, self.names = kind, tuple(names)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text as it is."""
        return str(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that begin so, and else what is on disk."""
        begun = [CompletionItem(name) for name in self.names if name.startswith(incomplete)]
        return begun or [CompletionItem(incomplete, type=self.kind)]


FILE, FOLDER = Place("file"), Place("dir")


class Renamed(click.Option):
    """An option whose earlier names are still read, for one release, with a word about it."""

    def __init__(self, *args: Any, earlier: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.earlier = tuple(earlier)

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the parser know the earlier names too; the help does not."""
        super().add_to_parser(parser, ctx)
        for name in self.earlier:
            parser._long_opt[name] = _Earlier(parser._long_opt[self.opts[0]], name, self.opts[0])


class _Earlier:
    """A parser's option under a name that it had."""

    def __init__(self, option: Any, name: str, now: str) -> None:
        self._option, self._name, self._now = option, name, now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._option, name)

    def process(self, value: Any, state: Any) -> None:
        """Say what it is called now, and take the value."""
        click.echo(f"{self._name} is called {self._now} now; the next release knows no other",
                   err=True)  # fmt: skip
        self._option.process(value, state)


def renamed(name: str, *earlier: str, dest: str, **settings: Any) -> Callable[[Any], Any]:
    """An option of the parameter ``dest`` that had other names, which are still read."""
    return click.option(name, dest, cls=Renamed, earlier=earlier, **settings)


def once_given_a_value(flags: Iterable[str], arguments: list[str]) -> list[str]:
    """The arguments without the ``true`` or ``false`` that flags took once: ``--augment true``."""
    names: set[str] = set(flags)
    taken: list[str] = []
    for argument in arguments:
        name, _, said = argument.partition("=")
        before = taken[-1] if taken else ""
        if name in names and said.lower() in ("true", "false"):
            argument, before = said, name
            taken.append(name)
        if before in names and argument.lower() in ("true", "false"):
            flag = before if argument.lower() == "true" else f"--no-{before[2:]}"
            click.echo(f"{before} {argument} is {flag} now", err=True)
            taken[-1] = flag
        else:
            taken.append(argument)
    return taken
