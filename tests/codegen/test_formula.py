"""Formulas typed by users: what is accepted means what it says, the rest is refused quickly."""

import math

import pytest
import sympy
from bntheory.codegen.formula import FUNCTIONS, FormulaError, check, to_sympy
from hypothesis import given
from hypothesis import strategies as st

H = sympy.Symbol("h", real=True)

#: Text, and what Python computes in its place.
ACCEPTED = {
    "h/(1+exp(-h))": lambda h: h / (1 + math.exp(-h)),
    "h^2 - 2*h**3": lambda h: h**2 - 2 * h**3,
    "max(0, h) + min(h, 1, 2)": lambda h: max(0, h) + min(h, 1, 2),
    "relu(h) - step(h)": lambda h: max(0, h) - (h > 0),
    "sigmoid(h) + softplus(h)": lambda h: 1 / (1 + math.exp(-h)) + math.log1p(math.exp(h)),
    "+h - -pi": lambda h: h + math.pi,
    "((((h))))": lambda h: h,
    "erf(h/sqrt(2)) + 1e-3*abs(h)": lambda h: math.erf(h / math.sqrt(2)) + 1e-3 * abs(h),
    "2**h": lambda h: 2**h,
}

REFUSED = [
    "",
    " ",
    "h +",
    "h h",
    "h.real",
    "h[0]",
    "h if h else 1",
    "h == 1",
    "(lambda: 1)()",
    "__import__('os').system('true')",
    "exec(h)",
    "h.__class__",
    "[h]",
    "{h}",
    "(h, h)",
    "h := 1",
    "x + h",
    "h + exp",
    "exp(h, h)",
    "max(h)",
    "exp(h=1)",
    "exp(*h)",
    "'h'",
    "1j*h",
    "True*h",
    "h // 2",
    "h % 2",
    "h @ h",
    "~h",
    "not h",
    "9**9**9",
    "h**9**h",
    "h**65",
    "((h**9)**9)**9",
    "((9**64)**64)**64",
    "1e999*h",
    "h + 1e200",
    "h+" * 4000 + "h",
    "(" * 300 + "h" + ")" * 300,
    "abs(" * 9 + "h" + ")" * 9,
    "ｈ + 1",
    "h\n",
    "h # comment",
    'h """ + 1',
    "h \\",
    "h\x00",
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_an_accepted_formula_has_the_value_that_python_gives_it(text):
    assert check(text, {"h"}) == {"h"}
    expression = to_sympy(text, {"h": H})
    for h in (-1.3, 0.4, 2.5):
        # sympy evaluates to 15 digits
        assert float(expression.subs(H, h)) == pytest.approx(ACCEPTED[text](h), rel=1e-12)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text)[:30])
def test_whatever_is_not_a_formula_is_refused_and_told_what_is_accepted(text):
    with pytest.raises(FormulaError, match=r"accepted"):
        check(text, {"h"})


@pytest.mark.parametrize(
    "text",
    [
        "h + 1/0",
        "h*sqrt(-1)",
        "log(0)*h",
        "9**(9*9*9*9*9*9*9*9*9*9) + h",
        "9**(h - h + 9*9*9*9*9*9*9*9*9) + h",
        "9**max(1, 9*9*9*9*9*9*9*9*9) + h",
        "exp(exp(exp(exp(100)))) + h",
    ],
)
def test_what_has_no_usable_value_is_refused_before_it_takes_the_memory(text):
    with pytest.raises(FormulaError):
        to_sympy(text, {"h": H})


def test_decimal_numbers_are_exact():
    assert to_sympy("0.1*h", {"h": H}) == H / 10


def test_no_function_is_listed_that_cannot_be_translated():
    for name in FUNCTIONS:
        text = f"{name}(h, 1)" if name in ("max", "min") else f"{name}(h)"
        assert to_sympy(text, {"h": H}).has(H)


@given(st.text(max_size=60))
def test_any_text_is_a_formula_or_refused_with_that_error_alone(text):
    try:
        used = check(text, {"h"})
    except FormulaError:
        return
    assert used <= {"h"}
    assert text.isascii()


@given(
    st.recursive(
        st.sampled_from(["h", "2", "0.5"]),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda x: f"({''.join(x)})"),
            inner.map(lambda x: f"tanh({x})"),
        ),
        max_leaves=6,
    )
)
def test_nested_formulas_agree_with_pythons_own_reading(text):
    ours = float(to_sympy(text, {"h": H}).subs(H, 0.7))
    # Generated above from four harmless pieces, so that Python itself may be the oracle.
    python = eval(text, {"__builtins__": {}}, {"h": 0.7, "tanh": math.tanh})
    assert ours == pytest.approx(python, rel=1e-12, abs=1e-12)
