"""Formulas of sympy become the text that means the same."""

import bntheory as bn
import pytest
import sympy
from bntheory.codegen.formula import to_sympy
from bntheory.codegen.formula_text import formula_text
from hypothesis import given, settings
from hypothesis import strategies as st

h = sympy.Symbol("h", real=True)
LEAVES = st.sampled_from([h, sympy.Rational(1, 3), sympy.Integer(-2), sympy.pi])
FUNCTIONS = [sympy.tanh, sympy.exp, sympy.erf, sympy.Abs, sympy.sign, sympy.sin, sympy.Heaviside,
             lambda x: sympy.Max(0, x), lambda x: sympy.Min(1, x), lambda x: x**2]  # fmt: skip


def built(inner):
    one = st.builds(lambda f, x: f(x), st.sampled_from(FUNCTIONS), inner)
    two = st.builds(lambda f, x, y: f(x, y), st.sampled_from([sympy.Add, sympy.Mul]), inner, inner)
    return one | two


@settings(max_examples=60, deadline=None)
@given(st.recursive(LEAVES, built, max_leaves=4))
def test_text_means_what_the_expression_means(expression):
    text = formula_text(expression, "h")
    again = to_sympy(text, {"h": h})
    for at in (sympy.Rational(-17, 10), sympy.Rational(3, 10)):
        ours, theirs = (complex(e.subs(h, at).evalf(20)) for e in (again, expression))
        assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


def test_activation_scheme_loss_and_schedule_of_sympy():
    a, n2, gamma, N, y, o, t = sympy.symbols("a n2 gamma N y o t")
    problem = bn.Problem(sympy.tanh(h), sympy.sqrt(N) * gamma * a / sympy.sqrt(n2),
                         eta=1 / (1 + t), loss=sympy.Abs(y - o))  # fmt: skip
    assert problem.activation_ == bn.Problem("tanh(h)").activation_
    assert bn.Problem.from_json(problem.to_json()) == problem
    assert bn.Problem(activation=sympy.Max(0, h)) == bn.Problem(activation="max(0, h)")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"activation": lambda h: h}, r"a Python function .*tanh\(h\).*sympy\.tanh"),
        ({"activation": sympy.tanh}, r"a Python function"),
        ({"loss": max}, r"a Python function .*tanh\(y\)"),
        ({"activation": sympy.Piecewise((h, h > 0), (0, True))}, r"Piecewise.*step"),
        ({"activation": sympy.gamma(h)}, r"unknown function 'gamma'"),
        ({"activation": 3}, r"a name or a formula"),
    ],
)
def test_what_is_no_formula_is_refused(change, said):
    with pytest.raises(ValueError, match=said) as caught:
        bn.Problem(**change)
    assert "0x" not in str(caught.value)
