"""The runs behind Figures 2 to 4, in sizes for a test, a CPU and a GPU. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .recipe import Recipe


@dataclass(frozen=True)
class Preset:
    """A set of variants, each trained from several seeds.

    Attributes
    ----------
    base
        What all runs share.
    variants
        By name, the fields of a recipe that differ. ``start`` names the variant whose run of the
        same seed is gone on from.
    seeds
        Number of seeds, where `more` does not give another for the variant.
    about
        One line for those who read its table.
    more
        Seeds of single variants.
    """

    base: Recipe
    variants: Mapping[str, Mapping[str, Any]]
    seeds: int
    about: str
    more: Mapping[str, int] = field(default_factory=dict)

    def seeds_of(self, variant: str) -> range:
        """The seeds that a variant is trained from."""
        return range(self.more.get(variant, self.seeds))

    def runs(self) -> dict[str, Recipe]:
        """All recipes by the names of their folders, those that others start from first."""
        return {
            run_name(variant, seed): self.base.change(seed=seed, **changes)
            for variant, changes in self.variants.items()
            for seed in self.seeds_of(variant)
        }


def run_name(variant: str, seed: int) -> str:
    """The folder of a run: ``bn-s0``."""
    return f"{variant}-s{seed}"


def _variants(large: int, small: tuple[int, ...], extra: int, finetune: float) -> dict[str, Any]:
    """The curves of Figures 2 and 4: ``small`` and ``large`` are batch sizes besides the base's."""
    sizes = {f"bn-m{size}": {"batch_size": size} for size in (*small, large)}
    return {
        "bn": {},
        "pn": {"norm": "pn"},
        "pn-decay": {"norm": "pn", "gamma_decay": "auto:positions"},
        "pn-decay-effective": {"norm": "pn", "gamma_decay": "auto:effective"},
        "wn-mean": {"norm": "wn+mean-bn"},
        "wn-var": {"norm": "wn+var-bn"},
        **sizes,
        "bn-on": {"start": "bn", "learning_rate": finetune},
        "vanilla-on": {"start": "bn", "norm": "none", "learning_rate": finetune},
        "bn-large-dropout": {"batch_size": large, "dropout": 0.3},
        "wn-large": {"norm": "wn", "batch_size": large},
        "wn-large-dropout": {"norm": "wn", "batch_size": large, "dropout": 0.3},
        "pn-population": {"norm": f"pn:population:{extra}"},
    }


_CPU = Recipe().change(
    data="fashion-mnist", side=16, train=2000, validation=4000, model="resnet8", width=8,
    steps=1200, every=200, batch_size=16, weight_decay=0.0, device="cpu", threads=1,
)  # fmt: skip
_SMOKE = Recipe().change(
    data="synthetic", train=1000, validation=500, model="resnet8", width=8,
    steps=40, every=20, batch_size=16, weight_decay=0.0, device="cpu", threads=1,
)  # fmt: skip
_FULL = Recipe().change(
    data="cifar10", validation=5000, augment=True, model="resnet18", batch_size=128,
    steps=35000, every=350, learning_rate=0.1, schedule="steps", precision="bf16", device="cuda",
)  # fmt: skip
_IMAGENET = _FULL.change(
    data="imagenet32", validation=50000, batch_size=1024, steps=100_000, every=1000,
    learning_rate=0.4,
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {
    "smoke": Preset(
        _SMOKE, _variants(64, (8,), 32, 0.005), 1, "synthetic 8 x 8 images: only that it runs"
    ),
    "cpu": Preset(
        _CPU,
        _variants(64, (8, 32), 64, 0.005),
        3,
        "ResNet8, 2000 images of Fashion-MNIST at 16 x 16",
        {"bn": 8, "pn": 8, "pn-decay": 8},
    ),
    "full": Preset(
        _FULL,
        _variants(1024, (32, 512), 256, 0.005),
        3,
        "ResNet18, CIFAR-10, one GPU: never run here",
    ),
    "imagenet": Preset(
        _IMAGENET,
        {
            "bn": {},
            "pn": {"norm": "pn"},
            "pn-decay": {"norm": "pn", "gamma_decay": "auto:positions"},
        },
        1,
        "ResNet18, downsampled ImageNet, several GPUs: never run here",
    ),
}
