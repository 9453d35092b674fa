"""How tests call the command line: the entry point, in a process of its own or in this one."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

#: The installed entry point, without relying on PATH.
ENTRY = [sys.executable, "-m", "bntheory"]
#: What makes a flow cheap to ask for, and a simulation.
SHORT = ["--time", "1", "--points", "3"]
FEW = [*SHORT, "--dim", "50", "--runs", "8"]


def run_command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the entry point in a process of its own."""
    return subprocess.run(
        [*ENTRY, *arguments], capture_output=True, text=True, timeout=120, **options
    )


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the entry point's function in this process, and return its exit status."""
    from bntheory.cli.main import main

    monkeypatch.setattr(sys, "argv", ["bntheory", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)
