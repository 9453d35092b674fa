"""Every node of the code model in three languages: what it looks like, and what it computes."""

import json
import math

import numpy as np
import pytest
import sympy
from bntheory.codegen.functions import Angle, Clip, Hypot, RootOfRest, choice
from bntheory.codegen.lane_math import acos_lane, asin_lane
from bntheory.codegen.model import (
    Assign,
    Block,
    Call,
    Function,
    Increase,
    LookUp,
    Loop,
    Module,
    Return,
    Table,
    entry,
    point_function,
)
from bntheory.codegen.printers.javascript import JavaScriptPrinter
from bntheory.codegen.printers.lanes import LanePrinter
from bntheory.codegen.printers.python import PYTHON
from bntheory.odes.equations.javascript import runtime
from hypothesis import given, settings
from hypothesis import strategies as st
from py_mini_racer import MiniRacer

A, B, S, T = sympy.symbols("a b s t", real=True)
I = sympy.Symbol("i", integer=True)  # noqa: E741  (a loop's index)
JAVASCRIPT = JavaScriptPrinter({"p": ["eta", "zeta"]})

#: Statements, and their lines in Python, in lanes (of arguments t, y, p, dy) and in JavaScript.
STATEMENTS = {
    "assign": (
        Assign(A, entry("y", 1) + S),
        ["a = s + y[1]"],
        ["a = s + y[1, lane]"],
        ["const a = s + y[1];"],
    ),
    "entry": (
        Assign(entry("J", 0, 1), A / 2),
        ["J[0, 1] = (0.5)*a"],
        ["J[0, 1] = (0.5)*a"],
        ["J[0][1] = (0.5)*a;"],
    ),
    "record": (
        Assign(A, entry("p", 1)),
        ["a = p[1]"],
        ["a = p[1, lane]"],
        ["const a = p.zeta;"],
    ),
    "call": (
        Assign((A, B), Call("two_numbers", (T, S))),
        ["a, b = two_numbers(t, s)"],
        ["a, b = two_numbers(t[lane], s)"],
        ["const [a, b] = twoNumbers(t, s);"],
    ),
    "call for one": (
        Assign((A,), Call("numbers", ())),
        ["a, = numbers()"],
        ["a, = numbers()"],
        ["const [a] = numbers();"],
    ),
    "block": (
        Block({A: sympy.sin(S) ** 2, B: sympy.sin(S) + 1}),
        ["t0 = math.sin(s)", "a = (t0*t0)", "b = t0 + 1.0"],
        ["t0 = math.sin(s)", "a = (t0*t0)", "b = t0 + 1.0"],
        ["const t0 = Math.sin(s);", "const a = (t0*t0);", "const b = t0 + 1;"],
    ),
    "increase": (Increase(S, (B, A)), ["s += b*a"], ["s += b*a"], ["s += b*a;"]),
    "look-up": (
        LookUp((A, B), Table(6), (S, sympy.Integer(0), sympy.acos(S))),
        [
            "values = np.empty(16)",
            "look_up(p, 6, s, 0.0, math.acos(s), values)",
            "a = values[0]",
            "b = values[1]",
        ],
        None,
        ["const [a, b] = lookUp(p.table, s, 0, Math.acos(s), 2);"],
    ),
    "loop": (
        Loop(I, "x", (Increase(S, (entry("x", I),)),)),
        ["for i in range(x.size):", "    s += x[i]"],
        ["for i in range(x.size):", "    s += x[i]"],
        ["for (let i = 0; i < x.length; i++) {", "  s += x[i];", "}"],
    ),
    "return": (
        Return(A / 4),
        ["return float((0.25)*a)"],
        ["return float((0.25)*a)"],
        ["return (0.25)*a;"],
    ),
    "return of two": (
        Return((A, B)),
        ["return float(a), float(b)"],
        ["return float(a), float(b)"],
        ["return [a, b];"],
    ),
    "return of one": (
        Return((A,)),
        ["return float(a),"],
        ["return float(a),"],
        ["return [a];"],
    ),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_in_three_languages(name):
    statement, python, lanes, javascript = STATEMENTS[name]
    function = Function("f", ("t", "y", "p", "dy"), (statement,), "What f is.")
    assert PYTHON.function(function).splitlines() == [
        "@kernel",
        "def f(t, y, p, dy):",
        '    """What f is."""',
        *("    " + line for line in python),
    ]
    looked_up = [
        "    at, found = np.empty((3, LANES)), np.empty((2, LANES))",
        "    for lane in range(LANES):",
        "        at[0, lane] = s",
        "        at[1, lane] = 0.0",
        "        at[2, lane] = acos_lane(s)",
        "    look_up_lanes(table, at, found)",
        "    for lane in range(LANES):",
        "        a = found[0, lane]",
        "        b = found[1, lane]",
    ]
    in_one_loop = ["    for lane in range(LANES):", *("        " + line for line in lanes or [])]
    assert LanePrinter().function(function).splitlines() == [
        "@lane_kernel",
        "def f_lanes(t, y, p, dy):",
        '    """`f` of every lane, the last axis of arrays."""',
        *(in_one_loop if lanes else looked_up),
    ]
    assert JAVASCRIPT.function(function).splitlines() == [
        "// What f is.",
        "function f(t, y, p, dy) {",
        *("  " + line for line in javascript),
        "}",
    ]


def test_constants_in_two_languages():
    constants = {"SIZE": 3, "ANY": True, "TEXT": "", "LARGEST": math.inf, "KINKS": (0.5, 1.0)}
    python, javascript = PYTHON.module(Module(constants)), JAVASCRIPT.module(Module(constants))
    assert python.splitlines() == [
        "SIZE = 3",
        "ANY = True",
        "TEXT = ''",
        "LARGEST = math.inf",
        "KINKS = np.array([0.5, 1.0], dtype=np.float64)",
    ]
    assert javascript.splitlines() == [
        "const SIZE = 3;",
        "const ANY = true;",
        'const TEXT = "";',
        "const LARGEST = Infinity;",
        "const KINKS = [0.5, 1.0];",
    ]


def test_a_sum_in_a_loop_is_declared_as_what_it_is():
    # The sum of squares: a loop whose sum a language may hold to be a constant.
    square = Assign(A, entry("x", I) ** 2)
    body = (Assign(S, sympy.Integer(0)), Loop(I, "x", (square, Increase(S, (A,)))), Return(S))
    function = Function("sum_of_squares", ("x",), body)
    assert _python(function)(np.array([1.0, 2.0, 3.0])) == 14.0
    js = MiniRacer()
    js.eval(f'"use strict"; {JAVASCRIPT.function(function)}')
    assert js.eval("sumOfSquares([1, 2, 3])") == 14


def test_what_has_no_counterpart_in_javascript_is_said():
    with pytest.raises(ValueError, match="cannot be written in JavaScript"):
        JAVASCRIPT.code(sympy.zeta(A))


def _python(function):
    names = {"math": math, "np": np, "kernel": lambda f: f}
    exec(PYTHON.function(function), names)
    return names[function.name]


SYMBOLS = st.sampled_from([A, B])
NUMBERS = st.sampled_from([sympy.Integer(2), sympy.Rational(1, 3), sympy.pi, -sympy.Integer(1)])
#: Bounded functions, so that no difference of the last bits is magnified.
ONE = [sympy.sin, sympy.tanh, sympy.erf, sympy.Abs, Clip, sympy.Heaviside]
BOUNDED = [lambda x: sympy.exp(sympy.tanh(x)), lambda x: 1 / (2 + sympy.sin(x)) ** 3]
BOUNDED += [
    lambda x: sympy.acos(Clip(x)),
    lambda x: sympy.asin(Clip(x)),
    lambda x: sympy.cos(x) ** 5,
]
BOUNDED += [
    lambda x: sympy.sqrt(1 + x**2),
    lambda x: sympy.cos(x) ** 5,
    lambda x: RootOfRest(Clip(x)),
]
TWO = [sympy.Add, sympy.Mul, Hypot, lambda x, y: Angle(x, 1 + y**2)]
#: sympy compares what these hold, which of large expressions it may not end with: they hold leaves.
COMPARING = [sympy.Max, sympy.Min, lambda x, y: choice(x <= y, x, -y)]


def _applied(functions, *arguments):
    return st.builds(lambda f, *x: f(*x), st.sampled_from(functions), *arguments)


LEAVES = SYMBOLS | NUMBERS
INNER = LEAVES | _applied(ONE, SYMBOLS) | _applied(COMPARING, SYMBOLS, LEAVES)
EXPRESSIONS = _applied([*ONE[:3], *BOUNDED], INNER) | _applied(TWO, INNER, INNER)
COORDINATES = st.floats(-2, 2).map(lambda x: round(x, 3) + 1e-4)  # on no edge of a step
ENGINE = MiniRacer()
ENGINE.eval(runtime("special"))


@settings(max_examples=30, deadline=None)
@given(st.lists(EXPRESSIONS, min_size=2, max_size=3), COORDINATES, COORDINATES)
def test_three_languages_compute_the_same(expressions, a, b):
    values = {f"value{i}": sympy.sympify(e) for i, e in enumerate(expressions)}
    scalar = _python(point_function("f", ["a", "b"], values))(a, b)

    ENGINE.eval(JAVASCRIPT.function(point_function("f", ["a", "b"], values)))
    javascript = json.loads(ENGINE.eval(f"JSON.stringify(f({a!r}, {b!r}))"))
    assert javascript == pytest.approx(scalar, rel=1e-11, abs=1e-11)

    lanes = {"math": math, "LANES": 2, "lane_kernel": lambda f: f}
    lanes |= {"acos_lane": acos_lane, "asin_lane": asin_lane}
    unpack = (Assign(A, entry("y", 0)), Assign(B, entry("y", 1)))
    block = Block({entry("dy", i): value for i, value in enumerate(values.values())})
    exec(LanePrinter().function(Function("f", ("y", "dy"), (*unpack, block))), lanes)
    out = np.empty((len(values), 2))
    lanes["f_lanes"](np.array([[a, b], [b, a]]), out)  # the second lane is another point
    assert out[:, 0] == pytest.approx(scalar, rel=1e-11, abs=1e-11)
