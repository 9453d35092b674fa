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
