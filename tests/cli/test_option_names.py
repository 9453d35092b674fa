"""Options of all commands: one name, one meaning; choices complete; renamed ones are still read."""

import re
from collections import defaultdict

import pytest
import rich_click as click
from bntheory.cli.cnn import train_command
from bntheory.cli.kinds import Names, Place, once_given_a_value
from bntheory.cli.main import bntheory
from bntheory.cli.recipe_options import RECIPE_OPTIONS
from click.testing import CliRunner

#: Files that are no places of their own kind: text that may be a file, and a list of names.
PLACES = ("FILE", "FOLDER", "STORE", "DATA", "FILE.py:FUNCTION")


def commands(group=bntheory, name=""):
    """Every command that takes options, by its name."""
    if not isinstance(group, click.Group):
        return {name: group}
    context = click.Context(group)
    found = {}
    for own in group.list_commands(context):
        found |= commands(group.get_command(context, own), f"{name} {own}".strip())
    return found


EVERY = [(name, option) for name, command in commands().items() for option in command.params]
OPTIONS = [(name, option) for name, option in EVERY if isinstance(option, click.Option)]


def meaning(text):
    """What an option means, without what is special to one command."""
    return re.split(r"[,:;.(]| >", text)[0].strip()


def test_one_option_name_has_one_meaning():
    meanings = defaultdict(set)
    for _, option in OPTIONS:
        for name in option.opts:
            meanings[name].add((meaning(option.help), option.is_flag))
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


def test_no_option_has_a_name_that_another_had():
    own = {option.opts[0] for _, option in OPTIONS}
    earlier = {n for _, o in OPTIONS for n in getattr(o, "earlier", ())}
    assert earlier == {"--alpha", "--data", "--start", "--width", "--schedule"}
    assert earlier <= own  # it means one thing now, in the commands that kept it


def test_every_default_is_told_in_one_style():
    for name, option in OPTIONS:
        told = option.help.count("[default: ") + bool(option.show_default)
        usual = option.default
        given = not option.is_flag and usual is not None and "UNSET" not in repr(usual)
        assert told == 1 or (told == 0 and not (given and not option.multiple)), (name, option.opts)
        assert option.is_flag or not isinstance(option.type, click.types.BoolParamType)


def test_files_complete_where_files_are_meant():
    for name, option in EVERY:
        if option.metavar in PLACES:
            assert isinstance(option.type, Place), (name, option.opts)


@pytest.mark.parametrize(
    ("command", "option", "begun", "offered"),
    [
        ("simulate", "--engine", "v", ["vectors"]),
        ("simulate", "--inputs", "stu", ["student-t:"]),
        ("integrate", "--activation", "s", ["sigmoid", "softplus", "silu", "selu"]),
        ("integrate", "--loss", "h", ["hinge", "huber:"]),
        ("generalization", "--method", "f", ["full-batch"]),
        ("cnn train", "--rate-schedule", "c", ["constant", "cosine"]),
        ("cnn train", "--norm", "pn:p", ["pn:population:"]),
        ("cnn train", "--data", "f", ["fashion-mnist"]),
    ],
)
def test_choices_are_completed(command, option, begun, offered):
    found = next(o for name, o in OPTIONS if name == command and option in o.opts)
    items = found.shell_complete(click.Context(commands()[command]), begun)
    assert [item.value for item in items] == offered


def test_options_of_training_are_in_the_order_of_a_recipe():
    names = [option.name for option in train_command.params]
    order = [name for name, _, _ in RECIPE_OPTIONS]
    assert names[: len(order)] == order
    assert names[len(order) :] == ["folder", "as_json", "quiet"]


def test_names_are_taken_in_any_case():
    assert Names(["full-batch", "sgd"]).convert("Full_Batch", None, None) == "full-batch"


def test_a_renamed_option_is_read_under_its_earlier_name():
    own = [o for name, o in OPTIONS if name == "compare" and o.name == "alpha"]
    alone = click.Command("c", params=own,
                          callback=lambda alpha: click.echo(alpha))  # fmt: skip
    now, then = (CliRunner().invoke(alone, [name, "0.5"]) for name in ("--level", "--alpha"))
    assert (now.stdout, now.stderr) == ("0.5\n", "")
    assert (then.stdout, then.stderr.count("--alpha is called --level now")) == ("0.5\n", 1)
    assert "--alpha" not in CliRunner().invoke(alone, ["--help"]).stdout


def test_a_flag_may_still_be_given_true_or_false():
    given = ["--augment", "true", "--graph", "false", "--compile=False", "--norm", "true"]
    taken = ["--augment", "--no-graph", "--no-compile", "--norm", "true"]
    assert once_given_a_value(["--augment", "--graph", "--compile"], given) == taken
