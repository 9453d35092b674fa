"""The options of `bntheory cnn train`, which are the fields of a recipe."""

from __future__ import annotations

from typing import Any

#: The fields of a recipe that are options: name, type, meaning. Defaults live in `Recipe` alone.
RECIPE_OPTIONS: tuple[tuple[str, Any, str], ...] = (
    ("data", str, "synthetic, fashion-mnist, or a folder (CIFAR-10, downsampled ImageNet, idx).  "
     "[default: synthetic]"),
    ("side", int, "Average images down to this height and width.  [default: 0, keep]"),
    ("train", int, "Training images.  [default: 0, all that validation leaves]"),
    ("validation", int, "Images held out of training.  [default: 1000]"),
    ("augment", bool, "Shift and mirror training images.  [default: false]"),
    ("model", str, "resnet8 resnet20 resnet18.  [default: resnet8]"),
    ("width", int, "Channels of the first stage, at least 8.  [default: the model's]"),
    ("norm", str, "bn ghost-bn:K pn pn:population:S pn:renorm pn:constant wn wn+mean-bn "
     "wn+var-bn none.  [default: bn]"),
    ("only", str, "Name of the one normalisation to replace (stages.1.bn2)."),
    ("warmup", float, "Share of the steps that renormalising PN trains as BN.  [default: 0.1]"),
    ("gamma_decay", str, "zeta of every layer, or auto:samples auto:positions auto:effective.  "
     "[default: 0]"),
    ("dropout", float, "Before the last layer.  [default: 0]"),
    ("start", str, "Folder of a run to take the weights of; BN is folded away for norm none."),
    ("zero_gamma", bool, "Start with the last gamma of every residual block at 0.  "
     "[default: false]"),
    ("steps", int, "Steps of SGD.  [default: 500]"),
    ("every", int, "Steps between judgements and checkpoints.  [default: 0, an epoch]"),
    ("batch_size", int, "Images a step, over all processes.  [default: 32]"),
    ("learning_rate", float, "At first.  [default: 0.05]"),
    ("momentum", float, "Of SGD.  [default: 0.9]"),
    ("weight_decay", float, "Of kernels.  [default: 0.0005]"),
    ("schedule", str, "constant cosine steps.  [default: cosine]"),
    ("rate_warmup", float, "Share of the steps over which the rate rises from 0.  [default: 0]"),
    ("seed", int, "Of weights, order, augmentation and dropout.  [default: 0]"),
    ("device", str, "auto cpu cuda cuda:N.  [default: auto]"),
    ("threads", int, "0: 1 on a CPU of fewer than 8 cores, else torch's choice."),
    ("precision", str, "fp32, or bf16 on CUDA.  [default: fp32]"),
    ("channels_last", bool, "Memory layout.  [default: true]"),
    ("graph", bool, "On CUDA, capture the training step in a graph.  [default: true]"),
    ("compile", bool, "Compile the network.  [default: false]"),
    ("deterministic", bool, "Deterministic algorithms only.  [default: false]"),
)  # fmt: skip
