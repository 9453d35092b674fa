"""``bntheory cache``: what is kept on disk between runs, and emptying it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import rich_click as click

from .completed import completing
from .examples import examples
from .options import quiet_and_json
from .report import Reporter, table

#: What this package keeps, and its files' paths in the cache; no other file is ever removed.
KINDS = {
    "compiled formulas": re.compile(
        r"(bntheory_|\.made-)\w+/(README|\w+\.py|__pycache__/[^/]+\.(nbi|nbc|pyc))"
        # as earlier versions kept them
        r"|(__pycache__/)?bntheory_\w+\.[^/]*(py|nbi|nbc|pyc)"
    ),
    "tables of moments": re.compile(r"(moments|diffusion)_\w+\.np[yz]"),
    "images": re.compile(r"images_\w+\.npz"),
}


class Kept(NamedTuple):
    """The files of one kind in the cache."""

    kind: str
    files: list[Path]

    @property
    def size(self) -> int:
        """Bytes; a file that another process has just removed counts as none."""
        return sum(_size(path) for path in self.files)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def contents() -> tuple[Path, list[Kept]]:
    """The cache's folder, and what it keeps, by kind."""
    from ..codegen.modules import cache_folder

    generated = cache_folder()
    found = {
        path: path.relative_to(folder).as_posix()
        for folder in (generated, generated.parent / "tables")
        for path in _files(folder)
    }
    return generated.parent, [
        Kept(kind, [path for path, name in found.items() if pattern.fullmatch(name)])
        for kind, pattern in KINDS.items()
    ]


def _files(folder: Path) -> list[Path]:
    """The files of a folder and of those in it, no link followed."""
    found = [Path(where) / name for where, _, names in os.walk(folder) for name in names]
    return sorted(path for path in found if not path.is_symlink())


def _remove_while_empty(folder: Path) -> None:
    """Remove what is left of a generated package that holds no file any more."""
    while re.match(r"bntheory_|\.made-|__pycache__$", folder.name) and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


class Cache:
    """The cache's folder and sizes, as JSON and as a table."""

    def __init__(self, folder: Path, kept: list[Kept]):
        self.folder = folder
        self.kinds: list[dict[str, Any]] = [
            {"kind": k.kind, "files": len(k.files), "bytes": k.size} for k in kept
        ]

    def to_dict(self) -> dict[str, Any]:
        return {"folder": str(self.folder), "kinds": self.kinds}

    def lines(self) -> list[str]:
        columns: dict[str, list[Any]] = {
            "kept": [row["kind"] for row in self.kinds],
            "files": [row["files"] for row in self.kinds],
            "MB": [round(row["bytes"] / 1e6, 1) for row in self.kinds],
        }
        return [f"cache: {self.folder}", "", *table(columns)]


@click.group("cache", epilog=examples("bntheory cache show", "bntheory cache clear --kind images"))
def command() -> None:
    """What is kept on disk between runs: compiled formulas, tables, images.

    All of it is made again when it is needed: formulas in 8 to 30 seconds each, tables in up to a
    minute. The environment variable BNTHEORY_CACHE names another folder.
    """


@command.command("show", epilog=examples("bntheory cache show"))
@quiet_and_json
def show(**options: Any) -> None:
    """The cache's folder, and how much is in it."""
    reporter = Reporter(options, draws=False)
    found = Cache(*contents())
    reporter.finish(found, found.lines())


@command.command("clear", epilog=examples("bntheory cache clear --kind images"))
@click.option(
    "--kind", shell_complete=completing(*KINDS), help=f"Only this kind: {', '.join(KINDS)}."
)
@quiet_and_json
def clear(kind: str | None, **options: Any) -> None:
    """Remove what this package keeps in its cache, and nothing else."""
    reporter = Reporter(options, draws=False)
    if kind is not None and kind not in KINDS:
        raise click.UsageError(f"--kind={kind!r}: one of {', '.join(KINDS)} is accepted")
    folder, kept = contents()
    removed = [one for one in kept if kind in (None, one.kind)]
    found = Cache(folder, removed)
    for path in (path for one in removed for path in one.files):
        path.unlink(missing_ok=True)
        _remove_while_empty(path.parent)
    freed = sum(row["bytes"] for row in found.kinds) / 1e6
    count = sum(row["files"] for row in found.kinds)
    reporter.finish(found, [f"removed {count} files, {freed:.1f} MB, from {folder}"])
