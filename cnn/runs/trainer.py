"""Training in rounds: steps, a judgement, a checkpoint."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ..data.batches import Batches, DeviceImages
from ..data.data import Splits, load
from ..networks.checkpoints import (
    Checkpoint,
    load_weights,
    random_states,
    restore_random,
    save_checkpoint,
)
from ..networks.gamma_decay import GammaDecay
from ..networks.surgery import norms_of
from ..recipe.devices import environment, settle
from ..recipe.processes import rank, sum_over_processes, world
from ..recipe.recipe import Recipe, Training
from .captured import CapturedStep
from .judge import population, score, with_population
from .layers import layer_rows
from .networks import empty_network, make_network, other_parameters, set_warm
from .records import LAYERS, METRICS, RunFolder
from .step import MOST, Descent, Step

Progress = Callable[[int, int], None]
Stop = Callable[[], bool]
FITTED = 2000  # training images on which the loss in evaluation mode is measured


def learning_rate(training: Training, step: int) -> float:
    """The schedule: constant, half a cosine down to 0, or a tenth from 1/2 and again from 3/4 on.

    While it warms up, the k-th of w steps has k/w of that.

    Examples
    --------
    >>> round(learning_rate(Training(steps=100, learning_rate=0.1, schedule="steps"), 60), 9)
    0.01
    >>> slow = Training(steps=100, learning_rate=0.1, schedule="constant", rate_warmup=0.1)
    >>> [round(learning_rate(slow, step), 9) for step in (0, 4, 9, 10)]
    [0.01, 0.05, 0.1, 0.1]
    """
    share = step / training.steps
    factor = {
        "constant": 1.0,
        "cosine": 0.5 * (1 + math.cos(math.pi * share)),
        "steps": 0.1 ** ((share >= 0.5) + (share >= 0.75)),
    }
    warming = training.rate_warmup * training.steps
    warm = min(1.0, (step + 1) / warming) if warming else 1.0
    return training.learning_rate * factor[training.schedule] * warm


class Trainer:
    """A network, its optimiser and its images, ready to go on from a step.

    Parameters
    ----------
    recipe
        What to train.
    device
        Where.
    checkpoint
        Where to go on from; None starts.
    """

    def __init__(
        self, recipe: Recipe, device: torch.device, checkpoint: Checkpoint | None = None
    ) -> None:
        settle(recipe.machine)
        self.recipe, self.device, self.step, self.seconds = recipe, device, 0, 0.0
        self.splits = self._load(recipe)
        last = recipe.machine.channels_last
        self.images = DeviceImages(self.splits.train, self.splits, device, last)
        self.validation = DeviceImages(self.splits.validation, self.splits, device, last)
        self.batches = Batches(self.images, recipe)
        make = make_network if checkpoint is None else empty_network
        self.model = make(recipe, self.splits, self.images).train()
        self.decay = GammaDecay(self.model, recipe.network.gamma_decay, recipe.training.batch_size)
        self.optimiser = self._optimiser()
        self.warm_from = round(recipe.network.warmup * recipe.training.steps)
        torch.manual_seed(recipe.training.seed * world() + rank())  # dropout, from here on
        if checkpoint is not None:
            self._restore(checkpoint)
        elif self.decay.automatic:
            self.decay.measure(self._population(), self.optimiser.param_groups)
        self.descent = Descent(self.optimiser, device)
        self.one = Step(self._runner(), self.batches, self.descent, recipe)
        graph = device.type == "cuda" and world() == 1 and recipe.machine.graph
        self.captured = CapturedStep(self.one) if graph else None

    def run(
        self, folder: RunFolder, progress: Progress | None = None, stop: Stop | None = None
    ) -> dict[str, Any]:
        """Train to the end, or until ``stop`` says so, judging and saving every round."""
        if rank() == 0:
            folder.write("env", environment(self.device, self.splits.checksum))
        steps = self.recipe.training.steps
        every = self.recipe.training.every or self.batches.an_epoch
        row: dict[str, Any] = folder.rows("metrics")[-1] if self.step else {}
        while self.step < steps:
            began, before = time.perf_counter(), self.step
            loss = self.advance(min(steps, every * (self.step // every + 1)))
            took = time.perf_counter() - began
            self.seconds += took
            row = self._judge(folder, loss)
            speed = (self.step - before) * self.recipe.training.batch_size / took
            if rank() == 0:
                row["images_per_second"] = speed
                folder.append("metrics", [row], METRICS)
            if not math.isfinite(row["validation_loss"] + loss):
                return self._result(folder, row, "diverged")
            save_checkpoint(folder.checkpoint, self._checkpoint())
            if progress:
                progress(self.step, steps)
            if stop and self.step < steps and stop():
                return {"status": "stopped", **row}
        return self._result(folder, row, "finished")

    def advance(self, until: int) -> float:
        """Take steps; returns the mean training loss of them."""
        first, training = self.step, self.recipe.training
        self.model.train()
        self.one.total.zero_()
        while self.step < until:
            if self.step == self.warm_from:
                self._warm()
            bend = self.warm_from if self.step < self.warm_from else until
            end = min(until, bend, self.step + MOST)
            rates = [learning_rate(training, step) for step in range(self.step, end)]
            self.one.prepare(self.step, rates)
            for _ in rates:
                (self.captured or self.one)()
            self.step = end
        for group in self.optimiser.param_groups:
            group["lr"] = rates[-1]
        total = sum_over_processes(self.one.total)
        return float(total) / (world() * (self.step - first))

    def _warm(self) -> None:
        set_warm(self.model)
        if self.captured:
            self.captured.renew()

    def _judge(self, folder: RunFolder, train_loss: float) -> dict[str, Any]:
        pools = self._population()
        with with_population(self.model, pools):
            fit = score(self.model, self.images, FITTED)
            held = score(self.model, self.validation)
        rows = layer_rows(self.model, pools, self.recipe.training.batch_size, self.decay.zeta)
        row = {
            "step": self.step,
            "epoch": self.step / self.batches.an_epoch,
            "learning_rate": self.optimiser.param_groups[0]["lr"],
            "train_loss": train_loss,
            "penalty": self.decay.penalty(),
            "fit_loss": fit.loss,
            "fit_accuracy": fit.accuracy,
            "validation_loss": held.loss,
            "validation_accuracy": held.accuracy,
            "gamma_squared": sum(r["gamma_squared"] for r in rows) / len(rows),
        }
        self.decay.measure(pools, self.optimiser.param_groups)
        self.descent.refresh()
        if rank() == 0:
            folder.append("layers", [{"step": self.step, **r} for r in rows], LAYERS)
        return row

    def _result(self, folder: RunFolder, row: dict[str, Any], status: str) -> dict[str, Any]:
        found = {"status": status, **row, "training_seconds": self.seconds}
        if status == "finished":  # the test set is used here, once
            last = self.recipe.machine.channels_last
            images = DeviceImages(self.splits.test, self.splits, self.device, last)
            with with_population(self.model, self._population()):
                tested = score(self.model, images)
            found |= {"test_loss": tested.loss, "test_accuracy": tested.accuracy}
        if rank() == 0:
            folder.write("result", found)
        return found

    def _population(self) -> Any:
        return population(self.model, self.images, self.recipe.data.augment)

    def _optimiser(self) -> torch.optim.SGD:
        training = self.recipe.training
        kernels, shifts = other_parameters(self.model)
        decays = self.decay.automatic or any(self.decay.zeta.values())
        groups: list[dict[str, Any]] = [{"params": kernels, "weight_decay": training.weight_decay}]
        gammas = [norm.weight for norm in self.decay.norms.values()]
        groups += [{"params": shifts if decays else shifts + gammas, "weight_decay": 0.0}]
        groups += self.decay.groups() if decays else []
        return torch.optim.SGD(groups, training.learning_rate, training.momentum)

    def _runner(self) -> nn.Module:
        """What is called in training: the network, compiled and shared among processes if asked."""
        runner = self.model
        if self.recipe.machine.compile:
            for norm in norms_of(self.model).values():
                if norm.closed:  # compiled, gradients saw running statistics that had moved on
                    norm.train_field = torch.compiler.disable(norm.train_field)  # type: ignore[method-assign]
            runner = torch.compile(runner)
        if world() > 1:
            places = [self.device] if self.device.type == "cuda" else None
            runner = DistributedDataParallel(runner, device_ids=places)
        return runner

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            self.step,
            self.model.state_dict(),
            self.optimiser.state_dict(),
            random_states(self.device),
            self.seconds,
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        load_weights(self.model, checkpoint.model)
        self.optimiser.load_state_dict(checkpoint.optimiser)
        for group in self.optimiser.param_groups:
            if "gamma_of" in group:
                self.decay.zeta[group["gamma_of"]] = group["weight_decay"]
        restore_random(checkpoint.random, self.device)
        self.step, self.seconds = checkpoint.step, checkpoint.seconds
        if self.step > self.warm_from:
            set_warm(self.model)

    @staticmethod
    def _load(recipe: Recipe) -> Splits:
        choice = recipe.data
        return load(choice.data, side=choice.side, train=choice.train, validation=choice.validation)
