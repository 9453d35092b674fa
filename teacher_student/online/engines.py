"""Which runs a problem has: by the reduced chain, and with real vectors."""

from __future__ import annotations

from collections.abc import Callable

from ..problem import Problem
from .committee.run import CommitteeChainRun, CommitteeVectorRun
from .momentum_run import MomentumChainRun, MomentumVectorRun
from .optimised_run import OptimisedChainRun, OptimisedVectorRun
from .run import AnyRun, ChainRun, VectorRun
from .spectral_momentum_run import SpectralMomentumChainRun, SpectralMomentumVectorRun
from .spectral_run import SpectralChainRun, SpectralVectorRun


def engines_of(problem: Problem) -> tuple[type[AnyRun], Callable[..., AnyRun]]:
    """The class of a run by the chain, and of one by vectors."""
    if problem.several_units:
        return CommitteeChainRun, CommitteeVectorRun
    if problem.spectrum_ is not None and problem.momentum:
        return SpectralMomentumChainRun, SpectralMomentumVectorRun
    if problem.spectrum_ is not None:
        return SpectralChainRun, SpectralVectorRun
    if problem.momentum:
        return MomentumChainRun, MomentumVectorRun
    if not problem.plain_steps:
        return OptimisedChainRun, OptimisedVectorRun
    return ChainRun, VectorRun
