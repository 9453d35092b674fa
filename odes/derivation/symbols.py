"""The symbols in which drifts are derived: order parameters, parameters, and random factors."""

from __future__ import annotations

import sympy
from sympy import Symbol

from ...teacher_student import parameters
from ...teacher_student.state_space import ACCUMULATED

GAMMA, BETA, R = sympy.symbols("gamma beta R", real=True)
L = Symbol("L", positive=True)
#: In the order in which the kernels take them.
ETA, GAMMA_RATE, ZETA, NOISE, BATCH, DECAY, STATISTICS_SIZE = PARAMETERS = tuple(
    Symbol(parameters.PARAMETERS[name].symbol, positive=True)
    for name in parameters.KERNEL_PARAMETERS
)
#: The sign of the field's scale: fields are written in ``u' = sign u``, so that ``q = |scale|``.
SIGN = Symbol("sign", real=True)
#: What AdaGrad-norm divides by the root of.
B2 = Symbol(ACCUMULATED, positive=True)
ORDER_PARAMETERS = {"gamma": GAMMA, "beta": BETA, "R": R, "L": L, ACCUMULATED: B2}

#: What Gaussian moments are functions of: the field's positive scale, its correlation, its shift.
FIELD_STD = Symbol("q", positive=True)
RHO, SHIFT = sympy.symbols("rho shift", real=True)

#: Student output, its slope, normalised student field, teacher output and field, label noise.
G, SLOPE, U, T, V, XI = FACTORS = sympy.symbols("g_f slope u g_v v xi", real=True)
#: The batch's law (theory page 4): ``u = ubar + s uhat``.
UHAT, UBAR = sympy.symbols("uhat ubar", real=True)
SPREAD = Symbol("s", positive=True)
