"""What all tests share: one cache of compiled kernels, kept between runs of the suite."""

import os
from pathlib import Path

from hypothesis import settings

# Seeds are fixed in tests: a search for new counterexamples belongs to a developer's desk.
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")

# Set before bntheory is imported, and inherited by subprocesses and by pytest's workers.
os.environ.setdefault(
    "BNTHEORY_CACHE", str(Path(__file__).resolve().parent.parent / ".pytest_cache" / "bntheory")
)


def pytest_terminal_summary(terminalreporter):
    """Print the rows that tests recorded as a table (`record_property("agreement", row)`)."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    rows = {value for r in reports for name, value in r.user_properties if name == "agreement"}
    if rows:
        terminalreporter.section("exact flows against the chain, N = 20 000, 64 runs, time 10")
        terminalreporter.write_line("\n".join(sorted(rows)))
