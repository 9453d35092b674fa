"""`make bench`: ratios measured side by side in one run, as a table, JSON and a page.

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
from typing import Any

HERE = Path(__file__).resolve().parent


def modules(only: list[str]) -> list[str]:
    """The names of all modules that measure, or of those named."""
    names = [path.stem for path in sorted(HERE.glob("*.py")) if path.stem not in ("run", "timing")]
    return [name for name in names if not only or name in only]


def machine() -> dict[str, object]:
    """What the ratios were measured on, and when."""
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "processor": models[0] if models else platform.processor(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "when": time.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def page(measured: dict[str, Any]) -> str:
    """The documentation's page of benchmarks, from what the JSON holds."""
    on = measured["machine"]
    where = f"{on['processor'] or on['machine']}, {on['cores']} cores, Python {on['python']}"
    lines = [
        "# Benchmarks",
        "",
        "`make bench` measures this and writes this page, from `benchmarks/latest.json`. A ratio",
        "is that of minima over repeats, the two sides in alternation within one run, so that a",
        "busy machine slows both; seconds and rates are this machine's own.",
        "",
        f"Measured on {on['when'].replace('T', ' at ')}: {where}; load at the start: {on['load']}.",
        f"Modules of `benchmarks/` that were run: {', '.join(measured['modules'])}.",
        "",
        "| what | measured | aim | how |",
        "|---|---|---|---|",
    ]
    for row in measured["rows"]:
        cells = (row["name"], f"{row['ratio']:.4g}", row["target"], row["note"])
        lines.append("| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |")
    return "\n".join([*lines, ""])


def save(measured: dict[str, Any], json_path: Path | None, page_path: Path | None) -> None:
    """Write what has been measured so far."""
    if json_path:
        json_path.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    if page_path:
        page_path.write_text(page(measured), encoding="utf-8")


def main() -> None:
    """Measure, print the table, write the JSON and the page; both grow module by module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="modules to run; all by default")
    parser.add_argument("--json", type=Path, help="where to write the results")
    parser.add_argument("--page", type=Path, help="where to write them as a page (Markdown)")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    rows: list[dict[str, Any]] = []
    measured: dict[str, Any] = {"machine": machine(), "modules": [], "rows": rows}
    for name in modules(arguments.modules):
        print(f"measuring {name} ...", file=sys.stderr)
        rows += importlib.import_module(name).rows()
        measured["modules"].append(name)
        save(measured, arguments.json, arguments.page)
    width = max(len(str(row["name"])) for row in rows)
    for row in rows:
        print(f"{row['name']:<{width}}  {row['ratio']:>10.4g}  {row['target']:<14} {row['note']}")


if __name__ == "__main__":
    main()
