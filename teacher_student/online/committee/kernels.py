"""The compiled code of a committee's simulation: one package for chain, vectors and error."""

from __future__ import annotations

import json
from typing import Any

from ....codegen.modules import generated, kernel_texts
from ...activations import ACTIVATIONS
from ...formula_kernels import derivable, formula_source
from ...problem import Problem

#: Kernel files, each after those that it imports.
KERNELS: tuple[str, ...] = ("batch_gradient", "online", "committee_gradient", "committee_wishart")
KERNELS += ("committee_chain", "committee_vectors", "committee_observables")
#: Activations whose means of two fields are closed, by their formula, as the kernel knows them.
CLOSED_PAIRS = {ACTIVATIONS[name]: n for n, name in enumerate(("erf", "relu", "identity"), 1)}


def committee_kernels(problem: Problem) -> Any:
    """Import the kernels beside the formulas of a problem.

    Numbers of units are arguments: problems with the same formulas share one package.
    """
    scheme = problem.scheme_
    formulas = {
        "activation": problem.activation_.formula,
        "scheme": scheme.formula,
        "normaliser": scheme.normaliser,
        "train_beta": problem.train_beta,
        "schedule": problem.schedule and problem.schedule.formula,
    }

    def write() -> dict[str, str]:
        across = scheme.normaliser == "units"
        with derivable(problem):
            system = formula_source(problem)
        closed = CLOSED_PAIRS.get(problem.activation_.formula, 0)
        system += f"\nACROSS_UNITS = {across}\nCENTRED = {'mu' in scheme.uses}\n"
        system += f"CLOSED_PAIRS = {closed}\n"
        files = (f"teacher_student/kernels/{name}" for name in KERNELS)
        return {"system": system} | kernel_texts(*files)

    return generated("committee_runs", json.dumps(formulas, sort_keys=True), write)
