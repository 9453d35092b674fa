"""`make bench`: ratios measured side by side in one run, as a table and as JSON.

Every module here with a function ``rows()`` contributes. A ratio is that of minima over
repeats, the two sides in alternation, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def collect(only: list[str]) -> list[dict[str, object]]:
    """The rows of all modules, or of those named."""
    sys.path.insert(0, str(HERE))
    rows: list[dict[str, object]] = []
    for path in sorted(HERE.glob("*.py")):
        if path.stem in ("run", "timing") or (only and path.stem not in only):
            continue
        print(f"measuring {path.stem} ...", file=sys.stderr)
        rows += importlib.import_module(path.stem).rows()
    return rows


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules to run; all by default")
    parser.add_argument("--json", type=Path, help="where to write the results")
    arguments = parser.parse_args()
    rows = collect(arguments.modules)
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        print(f"{row['name']:<{width}}  {row['ratio']:>10.4g}  {row['target']:<14} {row['note']}")
    if arguments.json:
        machine = {"python": platform.python_version(), "cores": os.cpu_count()}
        machine |= {"machine": platform.machine(), "when": time.strftime("%Y-%m-%dT%H:%M:%S")}
        arguments.json.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
