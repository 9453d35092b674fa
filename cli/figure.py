"""``bntheory figure``."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .kinds import FOLDER, Names
from .options import output_options
from .report import Reporter, table

FIGURES = ("1a", "1b", "2", "3", "4", "universality", "plateau")
#: Figures that are drawn without training networks; 3 has no records to be drawn from.
ALL = ("1a", "1b", "2", "4")


@click.command(
    "figure",
    epilog=examples(
        "bntheory figure 2 --output fig2.pdf --output fig2.json",
        "bntheory figure 1a --store fig1a.zarr --output fig1a.pdf",
        "bntheory figure plateau --output plateau.pdf",
    ),
)
@click.argument("name", metavar="FIGURE", type=Names([*FIGURES, "all"]))
@click.option(
    "--preset",
    type=Names(["quick", "smoke", "cpu", "full", "imagenet"]),
    help="Preset. 1a, 1b: quick (a minute) or full; 2, 3, 4: smoke cpu full imagenet.  "
    "[default: quick; cpu; imagenet for 3]",
)
@click.option("--dim", type=int, help="Input dimension N.  [default: the preset's]")
@click.option(
    "--runs", type=int, help="Independent runs: training sets a point.  [default: the preset's]"
)
@click.option(
    "--store",
    metavar="FOLDER",
    type=FOLDER,
    help="Keep finished work there; the same command resumes.",
)
@output_options
def command(name: str, **options: Any) -> None:
    """Redraw a figure of the paper: 1a (linear student), 1b (ReLU student), 2, 3, 4 (networks).

    Figures 2 to 4 are drawn from the records that come with the package; with --store FOLDER their
    runs are trained there. Beyond the paper: universality (inputs that are not Gaussian), and
    plateau (how two hidden units leave their plateau, by scheme: from the record that comes with
    the package, or computed with --dim, --runs). With all every figure that needs no training of
    networks is drawn, FILE-1a.pdf and so on.
    """
    reporter = Reporter(options)
    if name != "all":
        reporter.finish(*_drawn(name, reporter, options))
        return
    _refuse(name, options, ("dim", "runs", "preset", "store"))
    outputs, reporter.outputs, lines = reporter.outputs, [], []
    results: dict[str, Any] = {}
    for one in ALL:
        results[one], own = _drawn(one, reporter, dict(options))
        lines += [f"figure {one}", *own]
        for path in outputs:
            reporter.save(results[one], path.with_stem(f"{path.stem}-{one}"))
    reporter.finish(_Together(results), lines)


class _Together:
    """The results of several figures as one JSON object."""

    def __init__(self, results: dict[str, Any]):
        self._results = results

    def to_dict(self) -> dict[str, Any]:
        return {name: result.to_dict() for name, result in self._results.items()}


def _refuse(name: str, options: dict[str, Any], unknown: tuple[str, ...]) -> None:
    given = [f"--{option}" for option in unknown if options[option] is not None]
    if given:
        raise click.UsageError(f"{given[0]}: the figure {name} has no such option")


def _drawn(name: str, reporter: Reporter, options: dict[str, Any]) -> tuple[Any, list[str]]:
    """A figure's result, and the lines to print of it."""
    if name == "universality":
        return _universality(reporter, options)
    if name == "plateau":
        return _plateau(reporter, options)
    if name in ("2", "3", "4"):
        return _networks(name, reporter, options)
    options["preset"] = options["preset"] or "quick"
    from ..figures.figure1 import figure1

    with bad_input():
        result = figure1(name, **options, progress=reporter.progress)
    for one in result.studies:
        if one.theory.message:
            reporter.notice(f"{one.theory.label}: {one.theory.message}")
    return result, [f"* {note}" for note in result.notes]


def _networks(name: str, reporter: Reporter, options: dict[str, Any]) -> tuple[Any, list[str]]:
    from importlib import import_module

    from .network_records import records_of

    _refuse(name, options, ("dim", "runs"))
    preset = options["preset"] or ("imagenet" if name == "3" else "cpu")
    records = records_of(preset, options["store"], reporter)
    draw = getattr(import_module(f"bntheory.figures.figure{name}"), f"figure{name}")
    with bad_input():
        result = draw(records)
    return result, [f"* {note}" for note in result.notes]


def _universality(reporter: Reporter, options: dict[str, Any]) -> tuple[Any, list[str]]:
    from ..figures.universality import universality

    _refuse("universality", options, ("dim", "runs", "store", "preset"))
    with bad_input():
        result = universality(progress=reporter.progress)
    return result, table(result.columns())


def _plateau(reporter: Reporter, options: dict[str, Any]) -> tuple[Any, list[str]]:
    from ..figures.plateau import plateau_figure

    _refuse("plateau", options, ("store", "preset"))
    with bad_input():
        result = plateau_figure(
            dim=options["dim"], runs=options["runs"], progress=reporter.progress
        )
    notes = [f"* {found}" for found in result.findings()]
    return result, [*table(result.columns()), *notes, f"* computed by: {result.command}"]
