"""What all tests share: one cache of compiled kernels, kept between runs of the suite."""

import os
from pathlib import Path

from hypothesis import settings

# Seeds are fixed in tests: a search for new counterexamples belongs to a developer's desk.
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")

# Set before bntheory is imported, and inherited by subprocesses and by pytest's workers.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers share the cores already
os.environ.setdefault(
    "BNTHEORY_CACHE", str(Path(__file__).resolve().parent.parent / ".pytest_cache" / "bntheory")
)


def pytest_terminal_summary(terminalreporter):
    """Print what tests recorded (`record_property(title, row)`) as one table for each title."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    tables = {}
    for report in reports:
        for title, row in report.user_properties:
            tables.setdefault(title, set()).add(row)
    for title, rows in tables.items():
        terminalreporter.section(title)
        terminalreporter.write_line("\n".join(sorted(rows)))
