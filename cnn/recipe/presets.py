"""The runs behind Figures 2 to 4, in sizes for a test, a CPU and a GPU. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    small
        Whether checkpoints go as soon as nothing needs them: that of a finished run at once, but
        for its weights, in half precision, while others have yet to start from them.
    """

    base: Recipe
    variants: Mapping[str, Mapping[str, Any]]
    seeds: int
    about: str
    more: Mapping[str, int] = field(default_factory=dict)
    small: bool = False

    def seeds_of(self, variant: str) -> range:
        """The seeds that a variant is trained from."""
        return range(self.more.get(variant, self.seeds))

    def followers(self, variant: str) -> list[str]:
        """The variants that start from this one."""
        return [v for v, changes in self.variants.items() if changes.get("start") == variant]

    def runs(self) -> dict[str, Recipe]:
        """All recipes by the names of their folders, in the order in which they are trained.

        Seed by seed, so that what is cut off has whole seeds; what starts from another directly
        after it, so that its weights are not kept for long.
        """
        roots = [v for v, changes in self.variants.items() if not changes.get("start")]
        order = [name for root in roots for name in (root, *self.followers(root))]
        seeds = range(max(self.seeds, *self.more.values(), 0))
        return {
            run_name(variant, seed): self.base.change(seed=seed, **self.variants[variant])
            for seed in seeds
            for variant in order
            if seed in self.seeds_of(variant)
        }


def run_name(variant: str, seed: int) -> str:
    """The folder of a run: ``bn-s0``."""
    return f"{variant}-s{seed}"


def equal_steps(size: int) -> dict[str, Any]:
    """Another batch size, and as many steps."""
    return {"batch_size": size}


def equal_epochs(images: int, epochs: int, every: int) -> Callable[[int], dict[str, Any]]:
    """Another batch size, and as many passes over the images, judged after every ``every``-th.

    Examples
    --------
    >>> equal_epochs(45000, 10, 2)(512)
    {'batch_size': 512, 'steps': 870, 'every': 174}
    """

    def changes(size: int) -> dict[str, Any]:
        steps = images // size
        return {"batch_size": size, "steps": epochs * steps, "every": every * steps}

    return changes


def _variants(
    large: int, small: tuple[int, ...], extra: int, finetune: float,
    of_size: Callable[[int], dict[str, Any]] = equal_steps,
) -> dict[str, Any]:  # fmt: skip
    """The curves of Figures 2 and 4: ``small`` and ``large`` are batch sizes besides the base's."""
    return {
        "bn": {},
        "pn": {"norm": "pn"},
        "pn-decay": {"norm": "pn", "gamma_decay": "auto:positions"},
        "pn-decay-effective": {"norm": "pn", "gamma_decay": "auto:effective"},
        "wn-mean": {"norm": "wn+mean-bn"},
        "wn-var": {"norm": "wn+var-bn"},
        **{f"bn-m{size}": of_size(size) for size in (*small, large)},
        "bn-on": {"start": "bn", "learning_rate": finetune},
        "vanilla-on": {"start": "bn", "norm": "none", "learning_rate": finetune},
        "bn-large-dropout": {**of_size(large), "dropout": 0.3},
        "wn-large": {"norm": "wn", **of_size(large)},
        "wn-large-dropout": {"norm": "wn", **of_size(large), "dropout": 0.3},
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
#: CIFAR-10 has 50 000 images, of which 5000 are held out. Ten passes were chosen before anything
#: was looked at, from the time at hand: 45 runs in 20 minutes of one card.
_TEN = equal_epochs(45_000, epochs=10, every=2)
_FULL = Recipe().change(
    data="cifar10", validation=5000, augment=True, model="resnet18", **_TEN(128),
    learning_rate=0.1, schedule="cosine", rate_warmup=0.1, zero_gamma=True,
    precision="bf16", device="cuda",
)  # fmt: skip
_IMAGENET = _FULL.change(
    data="imagenet32", validation=50000, batch_size=1024, steps=100_000, every=1000,
    learning_rate=0.4, schedule="steps", rate_warmup=0.0, zero_gamma=False,
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
        _variants(1024, (32, 512), 256, 0.005, _TEN),
        3,
        "ResNet18, CIFAR-10, ten epochs a run on one GPU",
        small=True,
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
