"""The last resort: a fault of this program is one line, and its full trace is in a file."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

#: Exit status of a fault of ours, as sysexits' EX_SOFTWARE: 1 always means that theory and
#: simulation disagree.
FAULT = 70


def report(error: BaseException) -> int:
    """Say one line on standard error, write the trace, and return the exit status."""
    said = f"{type(error).__name__}: {error}".splitlines()[0][:200]
    where = _written("".join(traceback.format_exception(error)))
    print(f"Error: this is a fault of bntheory, not of your input ({said}); {where}",
          file=sys.stderr)  # fmt: skip
    return FAULT


def _written(trace: str) -> str:
    text = f"{time.ctime()}\npython {sys.version}\n{sys.argv}\n\n{trace}"
    try:
        handle, name = tempfile.mkstemp(prefix="bntheory-fault-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        print(trace, file=sys.stderr)  # better on the screen than nowhere
        return "no file could be written for its full trace"
    return f"its full trace is in {Path(name)}"
