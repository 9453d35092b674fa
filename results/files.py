"""Saving results: one JSON-able form, one dataset form, and files by their suffix."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..results.errors import InputError
from .json_pieces import json_pieces, plain
from .named import identifier
from .widths import Width

if TYPE_CHECKING:
    import xarray

    from .tabular import Tabular

DATA_SUFFIXES = (".nc", ".csv", ".json")
PICTURE_SUFFIXES = (".png", ".svg", ".pdf")
#: What is measured in steps / N: times by name, and by the beginning of their names.
TIMES = ("t", "time", "plateau", "time-to:")


@cache
def package_version() -> str:
    """This package's version, from its installed metadata."""
    try:
        return version("bntheory")
    except PackageNotFoundError:
        return "unknown"


def to_json(result: Tabular) -> str:
    """A result as one JSON object; a quantity that does not exist is null."""
    return "".join(pieces_of(result))


def pieces_of(result: Any) -> Iterator[str]:
    """`to_json` in pieces, to write one after the other: memory does not grow with the text."""
    return json_pieces(getattr(result, "_streamed", result.to_dict)())


def to_csv(result: Tabular) -> str:
    """A result's columns as comma-separated values; missing numbers are empty."""
    columns = {name: plain(list(values)) for name, values in result.columns().items()}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def units(name: str) -> str:
    """What a column's numbers are measured in.

    Examples
    --------
    >>> units("time-to:0.1"), units("Q")
    ('steps / N', '1')
    """
    return "steps / N" if name in TIMES or name.startswith(TIMES[-1]) else "1"


def dataset(
    variables: Mapping[str, tuple[tuple[str, ...], Any]],
    coordinates: Mapping[str, Any],
    attributes: Mapping[str, Any],
) -> xarray.Dataset:
    """A dataset with units, and with the package's version among its attributes."""
    import xarray

    made = xarray.Dataset(dict(variables), coords=dict(coordinates))
    for name in made.variables:
        made[name].attrs["units"] = units(str(name))
    made.attrs.update(attributes, bntheory_version=package_version())
    return made


def with_identifiers(data: xarray.Dataset) -> xarray.Dataset:
    """A dataset whose variables Python takes as attributes: ``final_Q`` for ``final-Q``.

    The name as commands have it stays, as the variable's ``long_name``.
    """
    names = {str(n): identifier(str(n)) for n in data.data_vars if not str(n).isidentifier()}
    made = data.rename(names)
    for name, spelt in names.items():
        made[spelt].attrs["long_name"] = name
    return made


def suffixes(draws: bool = True) -> tuple[str, ...]:
    """The files that a result can be saved to."""
    return DATA_SUFFIXES + (PICTURE_SUFFIXES if draws else ())


def check_output(
    path: str | Path, accepted: Iterable[str] = DATA_SUFFIXES, parameter: str = "output"
) -> Path:
    """Refuse an output path before any work is done for it.

    Parameters
    ----------
    path
        The file.
    accepted
        Suffixes that it may have.
    parameter
        What messages call it.

    Raises
    ------
    ValueError
        Unless its suffix is known and its folder can be written.
    """
    shown, path = str(path), Path(path)
    if path.suffix not in accepted:
        raise InputError(parameter, shown, f"a file ending in {' '.join(accepted)} is accepted")
    folder = path.parent
    if not folder.is_dir():
        raise InputError(parameter, shown, f"the folder {str(folder)!r} does not exist")
    if path.exists() and not path.is_file():
        raise InputError(parameter, shown, " is not a regular file")
    if not os.access(folder, os.W_OK):
        raise InputError(parameter, shown, " cannot be written")
    return path


def save(result: Tabular, path: str | Path, *, width: Width = "two") -> None:
    """Write a result to a file, in the format of its suffix; whole, or not at all.

    Parameters
    ----------
    result
        What is written.
    path
        Its suffix decides the format.
    width
        Of a picture: ``"one"`` or ``"two"`` columns of a journal.

    Raises
    ------
    ValueError
        As `check_output`.
    """
    with replacing(check_output(path, suffixes(hasattr(result, "plot")))) as temporary:
        _write(result, temporary, width)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file to write, which takes the place of ``path`` if nothing is raised.

    A symbolic link stays one: the file that it names is replaced.
    """
    path = path.resolve()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(result: Any, path: Path, width: Width) -> None:
    if path.suffix == ".nc":
        from .saved import netcdf

        path.write_bytes(netcdf(result))
    elif path.suffix == ".csv":
        path.write_text(to_csv(result), encoding="utf-8")
    elif path.suffix == ".json":
        with path.open("w", encoding="utf-8") as file:
            file.writelines(pieces_of(result))
            file.write("\n")
    else:
        # No date: the same result makes the same file.
        undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix)
        result.plot(width).savefig(path, metadata=undated)
