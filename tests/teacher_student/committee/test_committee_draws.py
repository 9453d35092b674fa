"""What a step adds beyond the known directions: its law, and draws that are wrong on purpose."""

from pathlib import Path

import bntheory as bn
import numpy as np
import pytest
from bntheory.codegen.modules import generated
from bntheory.teacher_student.online.committee import run as committee_run
from bntheory.teacher_student.online.committee.kernels import KERNELS, committee_kernels
from scipy.stats import ks_2samp

#: Of Kolmogorov's and Smirnov's tests of the numbers of one symmetric matrix: at most 7 a test.
LEVEL = 1e-5
ERF = bn.Problem("erf", "bn", units=2, teacher_units=2)


def gram(rows):
    return np.einsum("rki,rli->rkl", rows, rows)


def numbers_of(grams):
    """The upper triangle and the determinant."""
    at = np.triu_indices(grams.shape[1])
    return [*grams[:, at[0], at[1]].T, np.linalg.det(grams)]


def smallest_p(one, other):
    pairs = zip(numbers_of(one), numbers_of(other), strict=True)
    return min(ks_2samp(x, y).pvalue for x, y in pairs)


def drawn(M, nu, wrong_nu=None, count=4000, K=3):
    """Gram matrices ``R Q Q' R'`` by the kernel, and ``d' X X' d`` by plain normals."""
    d = np.random.default_rng(1).standard_normal((M, K))
    kernels, rng, found = committee_kernels(ERF), np.random.default_rng(2), []
    work = tuple(np.zeros((K, K)) for _ in range(4))
    for _ in range(count):
        n = kernels.beyond(d, float(wrong_nu or nu), rng, work)
        found.append(work[3][:, :n].copy())
    plain = np.random.default_rng(3).standard_normal((count, M, nu))
    return gram(np.array(found)), gram(np.einsum("jk,rji->rki", d, plain))


@pytest.mark.parametrize("M", [2, 3, 7])
def test_what_lies_beyond_has_wisharts_law(M):
    assert smallest_p(*drawn(M, 5)) > LEVEL


@pytest.mark.parametrize("M", [2, 7])
def test_a_degree_of_freedom_too_many_is_seen(M):
    assert smallest_p(*drawn(M, 5, 6)) < LEVEL


@pytest.mark.parametrize(("shift", "spread"), [(0, 1), (1, 0)])
def test_a_wrong_triangle_is_seen(shift, spread):
    """Bartlett's triangle in NumPy, without the degree lost in a row, or its off-diagonals."""
    nu, count, rng = 5, 4000, np.random.default_rng(4)

    def triangles(lost, off):
        Q = off * np.tril(rng.standard_normal((count, 3, 3)), -1)
        Q[:, range(3), range(3)] = np.sqrt(rng.chisquare(nu - lost * np.arange(3), (count, 3)))
        return gram(Q)

    plain = gram(rng.standard_normal((count, 3, nu)))
    assert smallest_p(triangles(1, 1), plain) > LEVEL
    assert smallest_p(triangles(shift, spread), plain) < LEVEL


#: Draws that are wrong: a kernel, text of it, and what takes its place.
WRONG = {
    "degrees": ("committee_chain", "N - K - T, rng", "N - K - T + 1.0, rng"),
    "diagonal": ("committee_wishart", "0.5 * (nu - i)", "0.5 * nu"),
    "off-diagonal": (
        "committee_wishart",
        "Q[i, b] = rng.standard_normal()",
        "Q[i, b] = 0.0 * rng.standard_normal()",
    ),
}
#: Two large steps in eight dimensions, where the spread of the draw is in the law.
FEW = {"dim": 8, "times": [0.0, 0.25], "runs": 40_000}


def few_problem(batch):
    return bn.Problem("erf", "sgd", units=2, teacher_units=2, batch_size=batch, eta=8.0, noise=1.0)


def wrong_kernels(problem, module, old, new):
    """The kernels of a problem with one line of the chain replaced."""
    own = committee_kernels(problem)
    folder = Path(own.__path__[0])
    texts = {name: (folder / f"{name}.py").read_text() for name in ("system", *KERNELS)}
    assert texts[module].count(old) == 1
    texts[module] = texts[module].replace(old, new)
    return generated("planted", old + new, lambda: texts)


def end_of(problem, **options):
    runs = bn.simulate(problem, **FEW, **options)
    return np.concatenate([runs.C[:, -1].reshape(-1, 4)[:, [0, 1, 3]],
                           np.linalg.det(runs.C[:, -1])[:, None]], axis=1)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("batch", "seen"), [(2, tuple(WRONG)), (3, ("degrees",))])
def test_bartletts_triangle_in_eight_dimensions(batch, seen, monkeypatch, record_property):
    """Right draws agree with vectors; wrong ones are seen.

    With three examples a step the units share two numbers of three: what is wrong within the
    triangle shifts p to 1e-2 only, and the draw alone, above, is looked at instead.
    """
    problem = few_problem(batch)
    vectors = end_of(problem, engine="vectors", seed=1)

    def smallest():
        chain = end_of(problem, seed=2)
        return min(ks_2samp(*pair).pvalue for pair in zip(chain.T, vectors.T, strict=True))

    found = {"right": smallest()}
    for name in seen:
        planted = wrong_kernels(problem, *WRONG[name])
        with monkeypatch.context() as patch:
            patch.setattr(committee_run, "committee_kernels", lambda _, own=planted: own)
            found[name] = smallest()
    record_property("committees: Bartlett's draws at N = 8", f"M={batch} {found}")
    assert found["right"] > LEVEL
    assert max(found[name] for name in seen) < LEVEL
