"""What is raised when a user's value is not accepted: the parameter, its value, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class InputError(ValueError):
    """A value that is not accepted.

    Python prints ``parameter=value: reason``; the command line names the option instead and may
    suggest a name. Nobody reads the message to find out what it is about.

    Parameters
    ----------
    parameter
        The parameter's name in Python.
    value
        What was given.
    reason
        What is accepted, or what is wrong with the value. One that begins with a space or
        a comma goes on where the value ends: ``store='x' is being written``.
    names
        The names that are accepted, where there is a list of them.

    Examples
    --------
    >>> error = InputError("width", "three", "one or two is accepted", ("one", "two"))
    >>> str(error), error.parameter
    ("width='three': one or two is accepted", 'width')
    """

    def __init__(
        self, parameter: str, value: object, reason: str, names: Iterable[str] = ()
    ) -> None:
        # All of them are arguments, so that the error survives the way between processes.
        super().__init__(parameter, value, reason, tuple(names))
        self.parameter, self.value, self.reason = parameter, value, reason
        self.names = tuple(names)

    def __str__(self) -> str:
        return self.said_of(self.parameter)

    def said_of(self, name: str, shown: Callable[[object], str] = repr) -> str:
        """The message, with another name for the parameter: ``--batch-size=0: ...``."""
        joint = "" if self.reason[:1] in " ," else ": "
        return f"{name}={shown(self.value)}{joint}{self.reason}"


class MissingLibraryError(ImportError):
    """An optional library that is not installed, with the command that installs it."""


class DivergenceWarning(RuntimeWarning):
    """Flows or runs that diverged, or left the range in which their moments are known."""


class FlowError(RuntimeError):
    """A flow that did not reach its end, where the caller asked for an error."""
