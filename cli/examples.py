"""Worked examples, with which every command's help ends; a test runs each of them."""

from __future__ import annotations


def examples(*commands: str) -> str:
    """The epilog of a command that shows these lines, each as it is typed.

    Examples
    --------
    >>> examples("bntheory integrate --scheme wn")
    'Example:\\n\\n$ bntheory integrate --scheme wn'
    """
    # Help keeps empty lines alone, and shows one where two stand.
    heading = "Example:" if len(commands) == 1 else "Examples:"
    return "\n\n".join([heading, *(f"$ {line}" for line in commands)])
