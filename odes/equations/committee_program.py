"""A committee's flow as a Python program of its own: its kernels, start and numbers in one file."""

from __future__ import annotations

import ast

import numpy as np

from ...results.errors import InputError
from ...teacher_student.committee.order import entries
from ...teacher_student.parameters import KERNEL_PARAMETERS
from ...teacher_student.problem import Problem
from ..committee.numbers import kernel_numbers
from ..committee.packages import SAMPLING, flow_texts, route
from .programs import COMPILED_IF_POSSIBLE, DRIVER

#: Modules of a flow's package that a program needs, in their order.
MODULES = ("shape", "state", "orthants", "averages", "bivariate", "drift")


def check_program(problem: Problem) -> None:
    """Refuse flows that are sampled: their points are not a program's to carry.

    Raises
    ------
    InputError
        With what has a program.
    """
    if route(problem) == SAMPLING:
        reason = "its averages with this activation are sampled, which no program of its own does"
        raise InputError("scheme", problem.scheme, f"{reason}; text and latex are accepted")


def committee_program(problem: Problem, preamble: list[str]) -> str:
    """A program that integrates a committee's flow with NumPy and SciPy, without this package.

    Parameters
    ----------
    problem
        The setting; its averages are closed.
    preamble
        What stands at its head.

    Raises
    ------
    InputError
        If they are not, or the start is drawn.
    """
    check_program(problem)
    start = problem.committee.initial_state
    texts = flow_texts(problem)
    space = problem.committee.state_space
    names = [
        own for name, of in space.unpack(np.array([start])).items() for own, _ in entries(name, of)
    ]
    head = [f'"""{" ".join(preamble)}"""', "import math", "", "import numpy as np"]
    head += ["from scipy.integrate import solve_ivp", "", COMPILED_IF_POSSIBLE]
    order = [*KERNEL_PARAMETERS, "second layer", "teacher's overlaps"]
    tail = DRIVER.format(
        start=list(start), parameters=kernel_numbers(problem).tolist(), names=", ".join(names),
        order=", ".join(order), shown="error", values="clean_error(y, PARAMETERS)",
    )  # fmt: skip
    body = [without_imports(texts[name]) for name in MODULES if name in texts]
    return "\n".join([*head, *body]) + tail


def without_imports(text: str) -> str:
    """A module's source without its docstring and what it imports.

    Examples
    --------
    >>> without_imports('"What it is."\\nimport math\\n\\nx = 1\\n')
    '\\nx = 1\\n'
    """
    lines, body = text.splitlines(keepends=True), ast.parse(text).body
    for node in body:
        said = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if said or isinstance(node, ast.Import | ast.ImportFrom):
            for k in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[k] = ""
    return "".join(lines)
