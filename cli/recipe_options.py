"""The options of `bntheory cnn train`, which are the fields of a recipe."""

from __future__ import annotations

from typing import Any

import rich_click as click

from .bad_input import option_name
from .completed import completing
from .kinds import FOLDER, Names, Place, once_given_a_value, renamed

#: The fields of a recipe that are options: name, type, meaning. Defaults live in `Recipe` alone.
#: In the order of a recipe: data, network, normalisation, training, machine.
RECIPE_OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("data", Place("dir", ("synthetic", "fashion-mnist")),
     "Images: synthetic, fashion-mnist, or a folder (CIFAR-10, downsampled ImageNet, idx).  "
     "[default: synthetic]"),
    ("side", int, "Average images down to this height and width.  [default: 0, keep]"),
    ("train", int, "Training images.  [default: 0, all that validation leaves]"),
    ("validation", int, "Images held out of training.  [default: 1000]"),
    ("augment", bool, "Shift and mirror training images.  [default: no]"),
    ("model", Names(["resnet8", "resnet20", "resnet18"]), "The network.  [default: resnet8]"),
    ("width", int, "Channels of the first stage, at least 8.  [default: the model's]"),
    ("dropout", float, "Dropout before the last layer.  [default: 0]"),
    ("zero_gamma", bool, "Start with the last gamma of every residual block at 0.  "
     "[default: no]"),
    ("start", FOLDER,
     "Folder of a run to take the weights of; BN is folded away for norm none.  [default: none]"),
    ("norm", str, "bn ghost-bn:K pn pn:population:S pn:renorm pn:constant wn wn+mean-bn "
     "wn+var-bn none.  [default: bn]"),
    ("only", str, "Name of the one normalisation to replace (stages.1.bn2).  [default: all]"),
    ("warmup", float, "Share of the steps that renormalising PN trains as BN.  [default: 0.1]"),
    ("gamma_decay", str, "zeta of every layer, or auto:samples auto:positions auto:effective.  "
     "[default: 0]"),
    ("steps", int, "Steps of SGD.  [default: 500]"),
    ("every", int, "Steps between judgements and checkpoints.  [default: 0, an epoch]"),
    ("batch_size", int, "Batch size M: images a step, over all processes.  [default: 32]"),
    ("learning_rate", float, "Learning rate of a step, at first.  [default: 0.05]"),
    ("schedule", Names(["constant", "cosine", "steps"]),
     "How the learning rate falls.  [default: cosine]"),
    ("rate_warmup", float, "Share of the steps over which the rate rises from 0.  [default: 0]"),
    ("momentum", float, "Momentum of weights and gamma, as torch's.  [default: 0.9]"),
    ("weight_decay", float, "Weight decay lambda, of kernels.  [default: 0.0005]"),
    ("seed", int, "Seed of all random numbers.  [default: 0]"),
    ("device", str, "auto cpu cuda cuda:N.  [default: auto]"),
    ("threads", int, "Threads; 0 is 1 on a CPU of fewer than 8 cores, else torch's choice.  "
     "[default: 0]"),
    ("precision", Names(["fp32", "bf16"]), "fp32, or bf16 on CUDA.  [default: fp32]"),
    ("channels_last", bool, "Memory layout.  [default: yes]"),
    ("graph", bool, "On CUDA, capture the training step in a graph.  [default: yes]"),
    ("compile", bool, "Compile the network.  [default: no]"),
    ("deterministic", bool, "Deterministic algorithms only.  [default: no]"),
)  # fmt: skip
#: Fields whose options have other names, since elsewhere the fields' own mean other things.
RENAMED = {"width": "--channels", "start": "--from-run", "schedule": "--rate-schedule"}
COMPLETED = {
    "norm": ("bn", "ghost-bn:", "pn", "pn:population:", "pn:renorm", "pn:constant", "wn",
             "wn+mean-bn", "wn+var-bn", "none"),
    "gamma_decay": ("auto:samples", "auto:positions", "auto:effective"),
    "device": ("auto", "cpu", "cuda"),
}  # fmt: skip


class TrainCommand(click.RichCommand):
    """Reads ``--augment true`` as earlier versions did, for one release."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, with flags that are given a value as flags."""
        flags = [option_name(name) for name, kind, _ in RECIPE_OPTIONS if kind is bool]
        return super().parse_args(ctx, once_given_a_value(flags, args))


def recipe_options(command: Any) -> Any:
    """Add the fields of a recipe to a command, in the order of the table."""
    for name, kind, told in reversed(RECIPE_OPTIONS):
        option = f"--{name.replace('_', '-')}"
        if name in RENAMED:
            command = renamed(RENAMED[name], option, dest=name, type=kind, help=told)(command)
        elif kind is bool:
            flag = f"{option}/--no-{option[2:]}"
            command = click.option(flag, name, default=None, help=told)(command)
        else:
            words = COMPLETED.get(name)
            command = click.option(
                option, name, type=kind, help=told,
                shell_complete=completing(*words) if words else None,
            )(command)  # fmt: skip
    return command
