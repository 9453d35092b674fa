"""Training on a GPU: images a second of every normalisation, and whether the numbers are right.

    python benchmarks/gpu_norms.py                 # one CUDA device, about a minute
    python benchmarks/gpu_norms.py --device cpu --model resnet8 --width 8 --batch 16 --seconds 0.2

Prints one JSON object. ``speed``: images a second with whole steps captured in a CUDA graph (for
``bn`` also one kernel at a time). ``graph``: losses of 20 steps, captured against one kernel at a
time, largest difference. ``kernels``: fields and gradients of one layer on the device against the
same in float64 on the CPU, largest difference over the largest value. ``profile``: the kernels that
a step spends its time in, microseconds and calls a step.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import traceback
import warnings
from importlib.util import find_spec
from types import MethodType
from typing import Any

NORMS = (
    "bn", "ghost-bn:4", "ghost-bn:32", "pn", "pn:population:128", "pn:constant", "wn",
    "wn+mean-bn", "wn+var-bn", "none",
)  # fmt: skip
PARTS = ("kernels", "graph", "speed", "profile")
LAYER = (16, 24, 40, 9)  # images, channels before and after, side: no power of 2 on purpose


def parsed(arguments: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", default="resnet18")
    parser.add_argument("--width", type=int, default=0)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--batches", type=int, nargs="*", default=[1024, 32], help="for bn as well")
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--images", type=int, default=8192)
    parser.add_argument("--seconds", type=float, default=1.5, help="of measuring, each norm")
    parser.add_argument("--norms", nargs="*", default=list(NORMS))
    parser.add_argument("--profiles", nargs="*", default=["bn", "ghost-bn:4", "pn", "wn+mean-bn"])
    parser.add_argument(
        "--parts", nargs="*", default=list(PARTS), help="kernels graph speed profile"
    )
    return parser.parse_args(arguments)


def trainer(options: argparse.Namespace, norm: str, **changes: Any) -> Any:
    """A trainer of random images, which no file holds."""
    import numpy as np
    import torch
    from bntheory.cnn.data.data import Splits
    from bntheory.cnn.data.formats import Images
    from bntheory.cnn.recipe.recipe import Recipe
    from bntheory.cnn.runs.trainer import Trainer

    rng = np.random.default_rng(0)

    def images(count: int) -> Images:
        pixels = rng.integers(0, 256, (count, options.side, options.side, 3), dtype=np.uint8)
        return Images(pixels, rng.integers(0, 10, count))

    class OfNoise(Trainer):
        @staticmethod
        def _load(recipe: Recipe) -> Splits:
            mean, std = np.full(3, 0.5), np.full(3, 0.29)
            return Splits(images(options.images), images(16), images(16), 10, mean, std, "")

    recipe = Recipe().change(
        model=options.model, width=options.width, norm=norm, batch_size=options.batch, warmup=0.0,
        augment=True, schedule="constant", learning_rate=0.02, steps=10**6, device=options.device,
        precision="fp32" if options.device == "cpu" else "bf16",
    )  # fmt: skip
    return OfNoise(recipe.change(**changes), torch.device(options.device))


def speed(
    options: argparse.Namespace, norm: str, *, own: bool = False, **changes: Any
) -> dict[str, float]:
    """Images a second, of those that have a loss; how long the start took; memory in GB.

    With ``own`` BN is that of this package's kernels, not torch's.
    """
    import torch
    from bntheory.cnn.networks.surgery import norms_of
    from bntheory.cnn.norms.norms import Norm

    began = time.perf_counter()
    made = trainer(options, norm, **changes)
    for module in norms_of(made.model).values() if own else ():
        module.train_field = MethodType(Norm.train_field, module)
    made.advance(6)  # libraries choose, kernels are compiled, the step is captured
    start = time.perf_counter() - began
    began, steps, more = time.perf_counter(), 0, 1
    while time.perf_counter() - began < options.seconds:
        made.advance(made.step + more)
        steps, more = steps + more, min(2 * more, 200)
    rate = steps * made.recipe.training.batch_size / (time.perf_counter() - began)
    found = {"images_per_second": round(rate), "start_seconds": round(start, 1)}
    if options.device != "cpu":
        found["memory_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
        torch.cuda.reset_peak_memory_stats()
    return found


def graph(options: argparse.Namespace, norm: str) -> dict[str, float]:
    """Losses of 20 steps with a graph and without; PN becomes PN after 8 of them."""
    changes = {"steps": 20, "warmup": 0.4, "gamma_decay": "0.01", "dropout": 0.2}
    losses = []
    for captured in (True, False):
        made = trainer(options, norm, graph=captured, **changes)
        losses.append([made.advance(step + 1) for step in range(20)])
    differences = [abs(a - b) for a, b in zip(*losses, strict=True)]
    return {"first": losses[0][0], "last": losses[0][-1], "plain_last": losses[1][-1],
            "most_difference": max(differences)}  # fmt: skip


def layer(norm: str, device: str, dtype: Any) -> dict[str, Any]:
    """Fields and gradients of one layer: the same numbers on every device."""
    import torch
    from bntheory.cnn.networks.surgery import put_norm
    from bntheory.cnn.runs.networks import set_warm
    from torch import nn

    torch.manual_seed(0)
    count, before, after, side = LAYER
    model = nn.Sequential(nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after))
    put_norm(model, norm, torch.zeros(1, before, side, side))
    module = model[1]
    with torch.no_grad():
        for values, middle in ((module.weight, 1.0), (module.bias, 0.0), (module.running_mean, 0.1),
                               (module.running_var, 0.4)):  # fmt: skip
            values.copy_(middle + 0.2 * torch.rand(after))
    x, dy = (
        (torch.randn(count, after, side, side) + 0.2).bfloat16(),
        torch.randn(count, after, side, side).bfloat16(),
    )
    model = model.to(device, torch.float64 if dtype == torch.float64 else torch.float32).train()
    set_warm(model)
    x, dy = (t.to(device, dtype).contiguous(memory_format=torch.channels_last) for t in (x, dy))
    y = model[1](x.requires_grad_())
    y.backward(dy)
    found = {"y": y, "dx": x.grad, "dgamma": module.weight.grad, "dbeta": module.bias.grad,
             "dkernel": model[0].weight.grad, "mean": module.running_mean}  # fmt: skip
    return {name: t.detach().double().cpu() for name, t in found.items() if t is not None}


def kernels(options: argparse.Namespace, norm: str) -> dict[str, dict[str, float]]:
    """Of float32 and bfloat16 against float64 on the CPU."""
    import torch

    name = "pn:population:4" if norm.startswith("pn:population") else norm
    name = "ghost-bn:4" if norm.startswith("ghost") else name
    exact, found = layer(name, "cpu", torch.float64), {}
    for dtype in (torch.float32, torch.bfloat16):
        got = layer(name, options.device, dtype)
        found[str(dtype).removeprefix("torch.")] = {
            key: float(f"{(got[key] - value).abs().max() / value.abs().max():.2g}")
            for key, value in exact.items()
        }
    return found


def profile(options: argparse.Namespace, norm: str) -> dict[str, Any]:
    """Where the time of a step goes: the largest first, and all together."""
    import torch
    from torch.profiler import ProfilerActivity
    from torch.profiler import profile as profiling

    made, steps = trainer(options, norm), 10
    made.advance(6)
    on_card = options.device != "cpu"
    with profiling(activities=[ProfilerActivity.CUDA if on_card else ProfilerActivity.CPU]) as seen:
        made.advance(made.step + steps)
        if on_card:
            torch.cuda.synchronize()
    times = {}
    for event in seen.key_averages():
        spent = event.self_device_time_total if on_card else event.self_cpu_time_total
        times[event.key[:90]] = (round(spent / steps, 1), round(event.count / steps, 1))
    largest = sorted(times.items(), key=lambda item: -item[1][0])[:22]
    return {"all": (round(sum(t for t, _ in times.values())), sum(n for _, n in times.values())),
            **dict(largest)}  # fmt: skip


def attempt(found: dict[str, Any], name: str, function: Any, *arguments: Any, **more: Any) -> None:
    """Note what a function gives; what it raises is printed, noted, and does not end the rest."""
    try:
        found[name] = function(*arguments, **more)
    except Exception as error:
        traceback.print_exc()
        found[name] = {"error": f"{type(error).__name__}: {error}"[:300]}
    print(name, found[name], file=sys.stderr, flush=True)


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All parts."""
    import torch
    from bntheory.cnn.norms import passes

    on_card = options.device != "cpu"
    found: dict[str, Any] = {
        "torch": torch.__version__,
        "device": torch.cuda.get_device_name() if on_card else "cpu",
        "triton": on_card and passes.kernels() is not None,
    }
    for part in options.parts:
        rows = found[part] = {}
        began = time.perf_counter()
        measured = dict(zip(PARTS, (kernels, graph, speed, profile), strict=True))[part]
        for norm in options.profiles if part == "profile" else options.norms:
            attempt(rows, norm, measured, options, norm)
        if part == "speed":
            attempt(rows, "bn, own kernels", speed, options, "bn", own=True)
            attempt(rows, "bn, no graph", speed, options, "bn", graph=False)
            for size in options.batches:
                attempt(rows, f"bn, batch {size}", speed, options, "bn", batch_size=size)
        found[f"{part}_seconds"] = round(time.perf_counter() - began, 1)
    return found


def rows() -> list[dict[str, object]]:
    """Rows for `make bench`; none without PyTorch and CUDA."""
    if find_spec("torch") is None:
        return []
    import torch

    if not torch.cuda.is_available():
        print("  no CUDA device", file=sys.stderr)
        return []
    speeds = measure(parsed(["--parts", "speed"]))["speed"]
    return [
        {"name": f"GPU, ResNet18, {name}: images / s", "ratio": row["images_per_second"],
         "target": ">= 45000" if name == "bn" else "reported",
         "note": f"batch 128, bf16, {torch.cuda.get_device_name()}"}
        for name, row in speeds.items() if "images_per_second" in row
    ]  # fmt: skip


if __name__ == "__main__":
    warnings.simplefilter("default")
    print(json.dumps(measure(parsed()), indent=1))
