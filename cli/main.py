"""The ``bntheory`` command. Subcommands are modules of this package, imported when needed."""

from __future__ import annotations

import sys
from importlib import import_module

import rich_click as click

#: Subcommands by name; each is the ``command`` of the module of that name.
COMMANDS = ("regularization", "derive", "integrate", "simulate", "compare", "figure")
INTERRUPTED = 130


class LazyGroup(click.RichGroup):
    """A group whose subcommands are imported when they are called, or listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"bntheory.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bntheory")
def bntheory() -> None:
    """The theory of batch normalisation: curve, simulation, verdict.

    Compiled code is kept in the user's cache folder, or below BNTHEORY_CACHE.

    \b
    Example:
      bntheory compare --activation relu --eta 1.0 --output compare.png
    """


def main() -> None:
    """Run the command line; Ctrl-C ends it with exit status 130."""
    try:
        status = bntheory.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        status = INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        status = 0
    sys.exit(status or 0)
