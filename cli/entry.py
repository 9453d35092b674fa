"""The console script: what must hold before anything heavy is imported."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from types import FrameType

INTERRUPTED = 130


def _stop(number: int, frame: FrameType | None) -> None:
    """Ctrl-C while modules are imported: nothing has begun that could be lost."""
    os.write(2, b"interrupted\n")
    os._exit(INTERRUPTED)


def main() -> None:
    """Run the command line.

    Ctrl-C during the imports ends it as later on. Where SIGINT is ignored, in a shell's
    background job, it stays so. What other libraries warn of is not for a user's screen; options
    of the interpreter (``python -W``) bring it back.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stop)
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    from .main import main as run

    if signal.getsignal(signal.SIGINT) is _stop:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
