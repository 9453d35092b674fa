"""What cannot be kept on disk is used all the same, and that is said once."""

import logging

_SAID: set[str] = set()


def say_uncached(where: str, reason: str) -> None:
    """Say that a folder takes nothing.

    Parameters
    ----------
    where
        The folder, or a file in it.
    reason
        What the system says.
    """
    if where not in _SAID:
        _SAID.add(where)
        logging.getLogger("bntheory").warning(
            "%s: %s; going on without keeping anything there", where, reason
        )
