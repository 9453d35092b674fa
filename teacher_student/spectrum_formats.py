"""How a spectrum is written: blocks, a power law, two blocks, or a file that is binned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..results.errors import InputError
from .measured_spectrum import eigenvalues_of, read_numbers
from .spectrum import ACCEPTED, ISOTROPIC, MOST_BLOCKS, TEACHERS, Spectrum, spectrum_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray
#: Blocks of power laws and of files, unless told otherwise.
BLOCKS = 32
#: A power law ``lambda(x) ~ x^-alpha`` is that of x from here to 1.
FIRST = 1e-3


def canonical(given: object) -> str:
    """The text by which a problem keeps a spectrum.

    Blocks and files become ``EIGENVALUE:FRACTION:POWER,...`` with numbers that are read back
    exactly, so that a problem does not depend on a file.

    Parameters
    ----------
    given
        A text (see `ACCEPTED`), or a list of triples.

    Raises
    ------
    InputError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> canonical([[2, 0.5, 1], [1, 0.5, 1]])
    '2.0:0.5:1.0,1.0:0.5:1.0'
    >>> canonical("power:1.5")
    'power:1.5'
    """
    if isinstance(given, str):
        if given == ISOTROPIC:
            return given
        made = read_spectrum(given)
        if given.partition(":")[0] in ("power", "two"):
            return given
        return written(made) if ".npy" in given else given
    if given == 1 and not isinstance(given, bool):
        return ISOTROPIC
    if not isinstance(given, list | tuple):
        raise InputError("spectrum", given, f"{ACCEPTED}, in files a list of triples")
    blocks = [_triple(block, given) for block in given]
    if not blocks:
        raise InputError("spectrum", given, "one block at least is accepted")
    text = ",".join(":".join(map(repr, block)) for block in blocks)
    read_spectrum(text)
    return text


def _triple(block: object, given: object) -> list[float]:
    try:
        numbers = [float(x) for x in block]  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != 3 or isinstance(block, str):
        accepted = "triples of eigenvalue, fraction and power are accepted"
        raise InputError("spectrum", given, accepted)
    return numbers


def written(spectrum: Spectrum) -> str:
    """A spectrum as blocks."""
    rows = zip(spectrum.eigenvalues, spectrum.fractions, spectrum.powers, strict=True)
    return ",".join(":".join(map(repr, row)) for row in rows)


def read_spectrum(text: str) -> Spectrum:
    """The spectrum of a text (see `ACCEPTED`).

    Raises
    ------
    InputError
        Naming the parameter, its value and what is accepted.

    Examples
    --------
    >>> read_spectrum("two:9:tail").eigenvalues
    (1.8, 0.2)
    >>> read_spectrum("power:1:8").blocks
    8
    """
    name, _, rest = text.partition(":")
    if name == "power":
        return _power_law(text, rest)
    if name == "two":
        return _two(text, rest)
    if ".npy" in text:
        return _of_file(text)
    rows = []
    for part in text.split(","):
        try:
            row = [float(x) for x in part.split(":")]
        except ValueError:
            row = []
        if len(row) != 3:
            raise InputError("spectrum", text, ACCEPTED)
        rows.append(row)
    values, fractions, powers = (list(column) for column in zip(*rows, strict=True))
    return spectrum_of(values, fractions, powers, text)


def _two(text: str, rest: str) -> Spectrum:
    """Two blocks of the same size with mean eigenvalue 1."""
    number, _, teacher = rest.partition(":")
    ratio = _number(text, number)
    if not ratio >= 1.0:
        raise InputError("spectrum", text, "two:RATIO with a ratio from 1 on is accepted")
    values = [2.0 * ratio / (1.0 + ratio), 2.0 / (1.0 + ratio)]
    return with_teacher(values, [0.5, 0.5], teacher, text)


def _power_law(text: str, rest: str) -> Spectrum:
    """Blocks geometric in x of ``lambda(x) ~ x^-alpha``, with mean eigenvalue 1.

    Every block has the mean eigenvalue of its directions. Quantiles would need several times as
    many blocks, since the head is where the eigenvalue changes (theory page 11).
    """
    import numpy as np

    number, _, more = rest.partition(":")
    alpha, (blocks, teacher) = _number(text, number), _blocks_and_teacher(text, more)
    if not 0.0 <= alpha <= 20.0:
        raise InputError("spectrum", text, "power:ALPHA with ALPHA from 0 to 20 is accepted")
    edges = np.geomspace(FIRST, 1.0, blocks + 1)
    widths, rest_of = np.diff(edges), 1.0 - alpha
    inside = np.log(edges) if abs(rest_of) < 1e-9 else edges**rest_of / rest_of
    values = np.diff(inside) / widths
    fractions = widths / widths.sum()
    return with_teacher(list(values / (fractions @ values)), list(fractions), teacher, text)


def _of_file(text: str) -> Spectrum:
    """Binned eigenvalues of a file, or of the covariance of the examples in it."""
    path, dot, rest = text.partition(".npy")
    blocks, teacher = _blocks_and_teacher(text, rest.removeprefix(":"))
    data = read_numbers(path + dot, text)
    values = eigenvalues_of(data, text) if data.ndim == 2 else data
    return binned(values, blocks, teacher, text)


def binned(values: Array, blocks: int, teacher: str, shown: str) -> Spectrum:
    """Blocks of sorted eigenvalues: geometric in their rank, each with its mean.

    Parameters
    ----------
    values
        Eigenvalues, in any order; of equal weight.
    blocks
        P at most: small spectra have fewer.
    teacher
        One of `TEACHERS`.
    shown
        What an error shows as the value that was given.
    """
    import numpy as np

    if not (values > 0.0).all():
        reason = "an eigenvalue in it is not above 0; eigenvalues above 0 are accepted"
        raise InputError("spectrum", shown, reason)
    ordered = np.sort(values)[::-1]
    first = max(1.0, FIRST * ordered.size)
    edges = np.geomspace(first, ordered.size, blocks).round().astype(int)
    edges = np.unique([0, *edges, ordered.size])
    sizes = np.diff(edges)
    means = np.add.reduceat(ordered, edges[:-1]) / sizes
    return with_teacher(list(means), list(sizes / ordered.size), teacher, shown)


def with_teacher(values: list[float], fractions: list[float], teacher: str, shown: str) -> Spectrum:
    """A spectrum whose teacher has its power where a name says."""
    power = TEACHERS.get(teacher or "equal")
    if power is None:
        accepted = f"a teacher of {' '.join(TEACHERS)} is accepted"
        raise InputError("spectrum", shown, f"{accepted} behind the last colon", tuple(TEACHERS))
    powers = [phi * x**power for x, phi in zip(values, fractions, strict=True)]
    return spectrum_of(values, fractions, powers, shown, power)


def _number(text: str, part: str) -> float:
    try:
        return float(part)
    except ValueError:
        raise InputError("spectrum", text, ACCEPTED) from None


def _blocks_and_teacher(text: str, rest: str) -> tuple[int, str]:
    """The number of blocks and the teacher behind it, each of which may be missing."""
    head, _, teacher = rest.partition(":")
    if head in TEACHERS:
        head, teacher = "", head
    try:
        blocks: Any = int(head) if head else BLOCKS
    except ValueError:
        raise InputError("spectrum", text, ACCEPTED) from None
    if not 1 <= blocks <= MOST_BLOCKS:
        raise InputError("spectrum", text, f"1 to {MOST_BLOCKS} blocks are accepted")
    return blocks, teacher
