"""The house as it stands: which folder imports which, read from the source, and drawn."""

import ast
from pathlib import Path

import matplotlib.pyplot as plt

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "cli", "explorer", "figures", "pictures", "cnn", "experiments", "store", "finite_load", "odes",
    "teacher_student", "codegen", "results",
)  # fmt: skip


def imports(folder: str, depth: int) -> dict[str, set[str]]:
    """Which parts import which.

    Parameters
    ----------
    folder
        Where the parts lie: ``""`` for the package's folders, ``"odes"`` for those of `odes`.
    depth
        How many names a part has: 1 for ``odes``, 2 for ``odes.flow``.

    Returns
    -------
    dict
        By part, the parts of the same kind that it imports; also inside functions.
    """
    found: dict[str, set[str]] = {}
    for top in [folder] if folder else ROOMS:
        for path in sorted((ROOT / top).rglob("*.py")):
            where = path.relative_to(ROOT).with_suffix("").parts
            package = where[:-1]
            part = ".".join(package[:depth])
            if len(package) < depth:
                continue
            own = found.setdefault(part, set())
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom):
                    own.update(_parts(node, package, depth))
    return {part: (own & found.keys()) - {part} for part, own in found.items()}


def _parts(node: ast.ImportFrom, package: tuple[str, ...], depth: int) -> set[str]:
    named = tuple(filter(None, (node.module or "").split(".")))
    if node.level:
        named = (*package[: len(package) - node.level + 1], *named)
    elif named[:1] == ("bntheory",):
        named = named[1:]
    else:
        return set()
    return {".".join((*named, alias.name)[:depth]) for alias in node.names}


def storeys(graph: dict[str, set[str]]) -> dict[str, int]:
    """The storey of each part: one above the highest that it imports.

    Raises
    ------
    ValueError
        If parts import each other in a circle.
    """
    known: dict[str, int] = {}
    while len(known) < len(graph):
        ready = [p for p in graph if p not in known and graph[p] <= known.keys()]
        if not ready:
            raise ValueError(f"a circle among {', '.join(sorted(graph.keys() - known.keys()))}")
        for part in ready:
            known[part] = 1 + max((known[below] for below in graph[part]), default=-1)
    return known


def needed(graph: dict[str, set[str]]) -> list[tuple[str, str]]:
    """The arrows that do not follow from others."""

    def below(part: str) -> set[str]:
        return graph[part].union(*(below(other) for other in graph[part]))

    return [
        (part, other)
        for part, own in graph.items()
        for other in sorted(own)
        if not any(other in below(third) for third in own - {other})
    ]


def draw(folder: str = "", depth: int = 1) -> None:
    """Draw the parts on their storeys; an arrow goes from a part to one that it imports."""
    graph = imports(folder, depth)
    height = storeys(graph)
    levels = [sorted(p for p in graph if height[p] == h) for h in range(max(height.values()) + 1)]
    place = {
        part: ((k + 0.5) / len(level) + 0.06 * (-1) ** h, h)
        for h, level in enumerate(levels)
        for k, part in enumerate(level)
    }
    _, axes = plt.subplots(figsize=(7, 0.62 * len(levels) + 0.3))
    box = {"boxstyle": "round,pad=0.35", "facecolor": "#e8f1f8", "edgecolor": "#0072B2"}
    drawn = {}
    for part, (x, y) in place.items():
        name = part.rpartition(".")[2] + "/"
        drawn[part] = axes.text(
            x, y, name, ha="center", va="center", family="monospace", fontsize=8, bbox=box
        ).get_bbox_patch()
    for part, other in needed(graph):
        ends = {"patchA": drawn[part], "patchB": drawn[other], "shrinkA": 1, "shrinkB": 1}
        axes.annotate(
            "", place[other], place[part],
            arrowprops={"arrowstyle": "-|>", "color": "0.45", **ends},
        )  # fmt: skip
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.5, len(levels) - 0.5))
    axes.axis("off")
