"""Residual networks in the form used for small images, with plain batch normalisation.

Other normalisations are put in afterwards, by `bntheory.cnn.networks.surgery`.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

#: Blocks a stage, and the default width of the first stage.
MODELS: dict[str, tuple[tuple[int, ...], int]] = {
    "resnet8": ((1, 1, 1), 16),
    "resnet20": ((3, 3, 3), 16),
    "resnet18": ((2, 2, 2, 2), 64),
}


class Block(nn.Module):
    """``relu(bn2(conv2(relu(bn1(conv1 x)))) + shortcut x)``."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.shortcut = nn.Sequential()
        if stride != 1 or inside != outside:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images in, images out: (B, C, H, W)."""
        inner = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(inner)) + self.shortcut(x))


class ResNet(nn.Module):
    """A residual network whose stages halve the image and double the channels.

    Parameters
    ----------
    blocks
        Number of blocks in each stage.
    width
        Channels of the first stage.
    channels, classes
        Of the images, and of the answer.
    dropout
        Probability of dropping a feature before the last layer.
    """

    def __init__(
        self, blocks: tuple[int, ...], width: int, channels: int, classes: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        stages, inside = [], width
        for place, count in enumerate(blocks):
            outside = width * 2**place
            strides = [1 if place == 0 else 2] + [1] * (count - 1)
            for stride in strides:
                stages.append(Block(inside, outside, stride))
                inside = outside
        self.stages = nn.Sequential(*stages)
        self.dropout = nn.Dropout(dropout)
        self.last = nn.Linear(inside, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (B, C, H, W) in, logits (B, classes) out."""
        features = self.stages(F.relu(self.bn1(self.conv1(x)))).mean(dim=(2, 3))
        logits: torch.Tensor = self.last(self.dropout(features))
        return logits


def last_norms(model: nn.Module) -> list[str]:
    """Names of the normalisations whose outputs residual blocks add to their shortcuts.

    Examples
    --------
    >>> from bntheory.cnn.networks.models import build, last_norms
    >>> last_norms(build("resnet8", width=4, channels=1, classes=10))
    ['stages.0.bn2', 'stages.1.bn2', 'stages.2.bn2']
    """
    return [f"{name}.bn2" for name, module in model.named_modules() if isinstance(module, Block)]


def build(
    name: str, width: int | None, channels: int, classes: int, dropout: float = 0.0, seed: int = 0
) -> ResNet:
    """A network by name, with He initialisation drawn from ``seed`` alone.

    Examples
    --------
    >>> from bntheory.cnn.networks.models import build
    >>> build("resnet8", width=4, channels=1, classes=10)(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 10])
    """
    blocks, usual = MODELS[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = ResNet(blocks, width or usual, channels, classes, dropout)
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return model
