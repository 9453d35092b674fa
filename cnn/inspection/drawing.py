"""What is differentiated: true losses of some images, drawn ones of the others."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ...results.errors import InputError
from .images import Batch, Loss, shape_of

#: Numbers of an image's answer up to which its curvature is found for a loss of the user's own.
MOST_ANSWERS = 512


def drawn_labels(
    output: torch.Tensor, batch: Batch, chosen: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """The sum of cross-entropies, of chosen images for labels drawn from the network's answer."""
    chances = output.detach().float().softmax(1).cpu()
    drawn = torch.multinomial(chances, 1, generator=generator)[:, 0].to(chosen.device)
    labels = torch.where(chosen, drawn, batch[1])
    return F.cross_entropy(output.float(), labels, reduction="sum")


def drawn_slopes(
    loss: Loss,
    output: torch.Tensor,
    batch: Batch,
    chosen: torch.Tensor,
    generator: torch.Generator,
) -> torch.Tensor:
    """A sum whose slopes by the answer are those of the loss, or drawn.

    Of chosen images they are drawn with the loss's second derivatives by the image's answer as
    covariance, as those for labels drawn from the answer have it of a cross-entropy. Negative
    curvature counts as none.

    Raises
    ------
    InputError
        If an image's answer has too many numbers.
    """
    count = len(output)
    answer = output.detach().double().flatten(1).requires_grad_()
    if answer.shape[1] > MOST_ANSWERS or count != len(batch[1]):
        reason = f"with a loss of your own, answers (images, at most {MOST_ANSWERS}) are accepted"
        raise InputError("loss", shape_of(batch), reason)
    value = count * loss(answer.to(output.dtype).reshape(output.shape), batch[1])
    (slope,) = torch.autograd.grad(value, answer, create_graph=True)
    curvature = torch.zeros(count, answer.shape[1], answer.shape[1], dtype=slope.dtype)
    for k in range(answer.shape[1] if slope.requires_grad else 0):
        (row,) = torch.autograd.grad(slope[:, k].sum(), answer, retain_graph=True)
        curvature[:, k] = row.cpu()
    size, axes = torch.linalg.eigh(curvature)
    noise = torch.randn(count, answer.shape[1], generator=generator, dtype=slope.dtype)
    drawn = torch.einsum("nij,nj->ni", axes, size.clamp_min(0).sqrt() * noise).to(slope.device)
    weights = torch.where(chosen[:, None], drawn, slope.detach())
    return (weights.to(output.dtype) * output.flatten(1)).sum()
