"""What all tests share: one cache of compiled kernels, kept between runs of the suite."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Seeds are fixed in tests: a search for new counterexamples belongs to a developer's desk.
settings.register_profile("fixed", derandomize=True)
settings.load_profile("fixed")

# Set before bntheory is imported, and inherited by subprocesses and by pytest's workers.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the workers share the cores already
os.environ.setdefault(
    "BNTHEORY_CACHE", str(Path(__file__).resolve().parent.parent / ".pytest_cache" / "bntheory")
)


SLOW_CASES = Path(__file__).with_name("slow_cases.txt")


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(config, items):
    """Mark the cases listed as slow; refuse a list that names what is no longer there."""
    lines = SLOW_CASES.read_text(encoding="utf-8").splitlines()
    listed = {line for line in lines if not line.startswith("#")}
    for item in items:
        if item.nodeid in listed:
            item.add_marker(pytest.mark.slow)
    if config.args == config.getini("testpaths"):
        gone = sorted(listed - {item.nodeid for item in items})
        if gone:
            raise pytest.UsageError(f"{SLOW_CASES.name} lists what is no test: {', '.join(gone)}")


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
