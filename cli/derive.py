"""``bntheory derive``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import rich_click as click

from .bad_input import bad_input
from .examples import examples
from .kinds import FILE, Names
from .options import problem_options, take_problem

SUFFIXES = {".txt": "text", ".tex": "latex", ".py": "python", ".js": "javascript", ".json": "json"}


@click.command(
    "derive",
    epilog=examples(
        "bntheory derive --scheme wn --activation erf --format latex",
    ),
)
@problem_options
@click.option(
    "--format",
    "style",
    type=Names(["text", "latex", "python", "javascript"]),
    default="text",
    show_default=True,
    help="How the equations are written; python and javascript are programs of their own.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead, with all forms."
)
@click.option(
    "--output", metavar="FILE", type=FILE, help="Save to .txt .tex .py .js or .json instead."
)
@click.option("--quiet", is_flag=True, help="No progress, warnings or timing.")
def command(style: str, as_json: bool, output: str | None, quiet: bool, **options: Any) -> None:
    """The order-parameter equations of a problem, derived from its formulas."""
    from ..results.files import check_output, replacing

    problem = take_problem(options)
    if output:
        with bad_input():
            check_output(output, SUFFIXES)
    from ..odes.equations.formats import derive

    with bad_input():
        equations = derive(problem)
        forms = equations.to_dict()
        asked = SUFFIXES[Path(output).suffix] if output else "json" if as_json else style
        if asked != "json" and forms[asked] is None:
            getattr(equations, asked)()  # says why there is none
    forms["json"] = json.dumps(forms) + "\n"
    if output:
        try:
            with replacing(Path(output)) as temporary:
                temporary.write_text(forms[SUFFIXES[Path(output).suffix]], encoding="utf-8")
        except OSError as error:
            raise click.UsageError(f"--output={output!r}: {error.strerror}") from None
        if not quiet:
            click.echo(f"wrote {output}", err=True)
    if as_json or not output:
        click.echo(forms["json" if as_json else style], nl=False)
