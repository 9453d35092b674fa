"""What the generated functions of a flow look like to a template; never called.

`from_template` replaces their import by the functions of one problem (`flow_source`).
"""

import numpy as np

SIZE: int = 3
ORDER: int = 3
HAS_JACOBIAN: bool = True
LANES: int = 32
SCATTERING: int = 3
AVERAGED: int = 2


def rhs(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """Time derivative of the order parameters."""
    raise AssertionError(t, y, p, dy)


def rhs_lanes(t: np.ndarray, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """`rhs` of many flows at once; arrays of shape (numbers, LANES)."""
    raise AssertionError(t, y, p, dy)


def jacobian(t: float, y: np.ndarray, p: np.ndarray, J: np.ndarray) -> None:
    """Derivatives of the right-hand side by the order parameters."""
    raise AssertionError(t, y, p, J)


def observables(y: np.ndarray) -> tuple[float, float]:
    """The field's scale Q and the generalisation error."""
    raise AssertionError(y)


def mean_observables(y: np.ndarray) -> tuple[float, float]:
    """`observables` of the mean alone, where a template makes a larger flow of it."""
    raise AssertionError(y)


def drift(t: float, y: np.ndarray, p: np.ndarray, dy: np.ndarray) -> None:
    """`rhs` of the mean alone, where a template makes a larger one of it."""
    raise AssertionError(t, y, p, dy)


def diffusion(t: float, y: np.ndarray, p: np.ndarray, D: np.ndarray) -> float:
    """Fill the diffusion matrix; return the finite-size drift of L^2."""
    raise AssertionError(t, y, p, D)


def elements(
    d: np.ndarray,
    z: np.ndarray,
    e: np.ndarray,
    zbar: float,
    zuhat: float,
    ubar: float,
    s: float,
    M: float,
    out: np.ndarray,
) -> None:
    """Fill the elements of one step of a batch scheme (`batch_diffusion`)."""
    raise AssertionError(d, z, e, zbar, zuhat, ubar, s, M, out)
