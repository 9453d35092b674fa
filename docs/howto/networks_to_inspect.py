"""Three architectures of torchvision on Fashion-MNIST, for `bntheory cnn inspect`.

``python networks_to_inspect.py densenet 400`` trains one for so many steps of 32 images, of 10 000,
and writes ``densenet.pt``.
"""

import sys

import torch
from bntheory.cnn.data.batches import DeviceImages
from bntheory.cnn.data.data import load
from torch import nn
from torchvision.models import DenseNet, mobilenet_v3_small
from torchvision.models import resnet18 as torchvision_resnet18


class Grey(nn.Module):
    """A network for colour images that is given grey ones."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (B, 1, H, W) in, logits out."""
        return self.network(x.repeat(1, 3, 1, 1))


def mobilenet() -> nn.Module:
    """MobileNetV3 (small)."""
    return Grey(mobilenet_v3_small(num_classes=10))


def densenet() -> nn.Module:
    """DenseNet of three blocks of three layers."""
    return Grey(DenseNet(12, (3, 3, 3), 24, num_classes=10))


def resnet18() -> nn.Module:
    """ResNet18."""
    return Grey(torchvision_resnet18(num_classes=10))


def train(name: str, steps: int) -> None:
    """SGD with momentum 0.9, a rate that falls linearly from 0.05, decay 5e-4."""
    torch.manual_seed(0)
    model = {"mobilenet": mobilenet, "densenet": densenet, "resnet18": resnet18}[name]()
    splits = load("fashion-mnist", side=0, train=10_000, validation=1000)
    images = DeviceImages(splits.train, splits, torch.device("cpu"), False)
    optimiser = torch.optim.SGD(model.parameters(), 0.05, 0.9, weight_decay=5e-4)
    order = torch.Generator().manual_seed(1)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 0.05 * (1 - step / steps)
        x, labels = images.take(torch.randint(len(images), (32,), generator=order))
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimiser.step()
    torch.save(model.state_dict(), f"{name}.pt")


if __name__ == "__main__":
    train(sys.argv[1], int(sys.argv[2]))
