"""The ``bntheory`` command. Subcommands are modules of this package, imported when needed."""

from __future__ import annotations

import errno
import os
import sys
from difflib import get_close_matches
from importlib import import_module

import rich_click as click

from .examples import examples

PROGRAM = "bntheory"
#: Commands by the question that they answer, as `bntheory --help` lists them; each is the
#: ``command`` of the module of its name.
QUESTIONS = {
    "What does theory say?": (
        "derive",
        "integrate",
        "fixed-points",
        "regularization",
        "inference",
        "advise",
    ),
    "Does it hold?": ("compare", "simulate", "fit"),
    "What if another number changes?": ("explore", "sweep", "show", "export"),
    "What about finite data, the paper, real networks?": ("generalization", "figure", "cnn"),
    "Is everything in place?": ("doctor", "cache"),
}
COMMANDS = tuple(name for names in QUESTIONS.values() for name in names)
INTERRUPTED = 130
#: Not 1, which says that theory and simulation disagree.
FAILED = 2


class LazyGroup(click.RichGroup):
    """A group whose subcommands are imported when they are called, or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but a mistyped name gets the nearest one suggested."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            ctx.fail(f"no command {args[0]!r}; {hint}Commands are {', '.join(COMMANDS)}.")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"bntheory.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command


#: What ``click.rich_config`` would set; it imports all that draws, in commands that print no help.
HELP = {"command_groups": {PROGRAM: [{"name": q, "commands": [*c]} for q, c in QUESTIONS.items()]}}


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "rich_help_config": HELP},
    epilog=examples(
        "bntheory compare --scheme wn --eta 1.0 --output compare.png",
    ),
)
@click.version_option(package_name="bntheory")
def bntheory() -> None:
    """The theory of batch normalisation: curve, simulation, verdict.

    Compiled code is kept in the user's cache folder, or below BNTHEORY_CACHE.
    """


def main() -> None:
    """Run the command line; Ctrl-C ends it with exit status 130, a fault of ours with 70."""
    try:
        status = bntheory.main(prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        status = INTERRUPTED
    except OSError as error:
        status = _output_failed(error)
    except Exception as error:
        from .crash import report

        status = report(error)
    sys.exit(status or 0)


def _output_failed(error: OSError) -> int:
    """End after a failed write: silently when the reader has gone, as ``| head`` does."""
    # The interpreter flushes standard output once more on its way out: let that go nowhere.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return 0
    where = f"{error.filename}: " if error.filename else ""
    click.echo(f"Error: {where}{error.strerror or error}", err=True)
    return FAILED
