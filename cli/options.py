"""Options that commands share: how they are declared, and what is made of their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import rich_click as click

from ..results.errors import InputError
from ..teacher_student.parameters import OF_ONE_SCHEME, PARAMETERS
from .bad_input import bad_input, option_name
from .completed import INPUTS, NAMED, completing
from .kinds import FILE, Names, Place

if TYPE_CHECKING:
    from ..teacher_student.problem import Problem

Command = TypeVar("Command", bound=Callable[..., Any])

#: The problem's options that take a value.
PROBLEM_OPTIONS = tuple(row for row in PARAMETERS.values() if row.kind is not bool)
ENGINES = Names(["chain", "vectors"])
#: Those that are flags.
FLAGS = tuple(row for row in PARAMETERS.values() if row.kind is bool)


def problem_options(command: Command) -> Command:
    """Add ``--problem`` and the problem's options to a command."""
    for row in reversed(FLAGS):
        named = option_name(row.name)
        command = click.option(
            f"{named}/--no-{named[2:]}", row.name, default=None, help=row.help
        )(command)  # fmt: skip
    for row in reversed(PROBLEM_OPTIONS):
        command = click.option(
            option_name(row.name), row.name, type=row.kind, help=row.option_help,
            shell_complete=completing(*NAMED[row.name]) if row.name in NAMED else None,
        )(command)  # fmt: skip
    command = click.option(
        "--set",
        "named",
        multiple=True,
        metavar="NAME=NUMBER",
        help="A number of your own in formulas, c of tanh(c*h); may be given many times.",
    )(command)
    return click.option(
        "--problem",
        "problem_file",
        metavar="FILE",
        type=FILE,
        help="Read the problem from a TOML or JSON file; options override it.",
    )(command)


def take_problem(options: dict[str, Any]) -> Problem:
    """Remove the problem's options from a command's, and make the problem."""
    from ..teacher_student.parameter_files import read_parameters
    from ..teacher_student.problem import Problem

    path, named = options.pop("problem_file"), options.pop("named")
    given = {name: options.pop(name) for name in PARAMETERS}
    with bad_input():
        values = read_parameters(path) if path is not None else {}
        values |= {name: value for name, value in given.items() if value is not None}
        if named:
            values["parameters"] = {**(values.get("parameters") or {}), **take_named(named)}
        if isinstance(values.get("zeta"), str) and values["zeta"] != "auto":
            values["zeta"] = _float_or_text(values["zeta"])
        problem = Problem.from_dict(values)
        check_used(problem, given)
        return problem


def check_used(problem: Problem, given: Mapping[str, Any]) -> None:
    """Refuse what was typed and means nothing to the scheme; a file may keep it for another."""
    for name, scheme in OF_ONE_SCHEME.items():
        if given.get(name) is not None and problem.scheme != scheme:
            raise InputError(name, given[name], f"means something to --scheme {scheme} alone")


def take_named(named: Sequence[str]) -> dict[str, float]:
    """The numbers of ``--set NAME=NUMBER``."""
    return {name: _number(name, text) for name, text in split_named(named).items()}


def split_named(named: Sequence[str]) -> dict[str, str]:
    """The texts of ``--set NAME=TEXT`` by their names."""
    found = {}
    for given in named:
        name, equals, text = given.partition("=")
        if not (name.strip() and equals and text.strip()):
            raise InputError("set", given, "NAME=NUMBER is accepted, such as c=1.2")
        found[name.strip()] = text.strip()
    return found


def _number(name: str, text: str) -> float:
    value = _float_or_text(text)
    if isinstance(value, str):
        raise InputError("set", f"{name}={text}", "a number is accepted")
    return value


def _float_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def time_options(command: Command) -> Command:
    """Add the end of a run and the number of stored times."""
    command = click.option(
        "--points", default=101, show_default=True, help="Number of stored times."
    )(command)
    return click.option(
        "--time", default=20.0, show_default=True, help="End of the run, in steps / N."
    )(command)


def simulation_options(command: Command) -> Command:
    """Add what only simulations need."""
    for option in (
        click.option("--seed", default=0, show_default=True, help="Seed of all random numbers."),
        click.option(
            "--inputs",
            type=Place("file", INPUTS),
            default="gaussian",
            show_default=True,
            help="Law of the inputs, for vectors: gaussian rademacher uniform laplace "
            "student-t:NU FILE.npy.",
        ),
        click.option(
            "--engine",
            type=ENGINES,
            default="chain",
            show_default=True,
            help="chain (exact reduced chain) or vectors (N-dimensional vectors).",
        ),
        click.option("--runs", default=64, show_default=True, help="Independent runs."),
        click.option("--dim", default=1000, show_default=True, help="Input dimension N."),
    ):
        command = option(command)
    return command


force_option = click.option(
    "--force",
    is_flag=True,
    help="Begin also what takes more than an hour, or than there is memory.",
)


def check_simulation(problem: Problem, options: dict[str, Any]) -> None:
    """Refuse runs that take too long, or too much memory, unless they are forced."""
    if options.pop("force"):
        return
    from ..experiments.cost import check_cost, simulation_cost
    from ..results.checks import integer, number
    from ..teacher_student.online.simulate import MOST_RUNS
    from ..teacher_student.schedule import MOST_STEPS, stored_steps, stored_times

    sizes = {name: options[name] for name in ("dim", "runs", "time")}
    integer("dim", sizes["dim"], 3, MOST_STEPS)
    integer("runs", sizes["runs"], 1, MOST_RUNS)
    number("time", sizes["time"], above=0.0)
    stored_steps(stored_times(sizes["time"], options["points"]), sizes["dim"])
    cost = simulation_cost(problem, **sizes, points=options["points"], engine=options["engine"])
    check_cost(cost, sizes)


def quiet_and_json(command: Command) -> Command:
    """Add ``--json --quiet``."""
    command = click.option("--quiet", is_flag=True, help="No progress, warnings or timing.")(
        command
    )
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")(
        command
    )


def output_options(command: Command) -> Command:
    """Add ``--output --json --width --quiet``."""
    command = click.option(
        "--width",
        type=Names(["one", "two"]),
        help="Of pictures, in columns of a journal: 3.4 or 7 inches.  [default: two]",
    )(quiet_and_json(command))
    return click.option(
        "--output",
        multiple=True,
        metavar="FILE",
        type=FILE,
        help="Save to .nc .csv .json .png .svg .pdf; may be given more than once.",
    )(command)


def report_option(command: Command) -> Command:
    """Add ``--report FILE``."""
    return click.option(
        "--report",
        metavar="FILE",
        type=FILE,
        help="Also write one HTML page that says and shows it all.",
    )(command)


def check_outputs(paths: tuple[str, ...], *, draws: bool = True) -> list[Path]:
    """Refuse output files that could not be written, before any work is done."""
    if not paths:
        return []
    from ..results.files import check_output, suffixes

    with bad_input():
        return [check_output(path, suffixes(draws)) for path in paths]


def take_report(options: dict[str, Any]) -> Path | None:
    """Remove ``--report`` from a command's options; refuse a file that could not be written."""
    path = options.pop("report", None)
    if path is None:
        return None
    from ..results.files import check_output

    with bad_input():
        return check_output(path, (".html", ".htm"), "report")


def take_width(options: dict[str, Any], outputs: list[Path]) -> Literal["one", "two"]:
    """Remove ``--width`` from a command's options; refuse it where nothing is drawn."""
    width = options.pop("width", None)
    if width is None:
        return "two"
    from ..results.files import PICTURE_SUFFIXES

    if not any(path.suffix in PICTURE_SUFFIXES for path in outputs):
        accepted = f"accepted with an --output that ends in {' '.join(PICTURE_SUFFIXES)}"
        raise click.UsageError(f"--width={width!r}: {accepted}")
    return "one" if width == "one" else "two"
