"""`load`: a result from the netCDF file that its `save` wrote, the same as it was."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import InputError
from .files import package_version
from .packing import Packer, PackingError, unpack

if TYPE_CHECKING:
    from .tabular import Tabular

#: The group beside the dataset in which the result itself is kept, and its text in it.
GROUP, TEXT = "bntheory_result", "packed"


def netcdf(result: Tabular) -> bytes:
    """A netCDF file: the dataset, for every program that reads one, and the result for `load`."""
    import h5netcdf

    # Made in memory: on a full disk HDF5 can neither write nor close its own file.
    file = io.BytesIO(bytes(result.to_dataset().to_netcdf(engine="h5netcdf")))
    packer = Packer()
    text = json.dumps(packer.pack(result))
    with h5netcdf.File(file, "a") as whole:
        group = whole.create_group(GROUP)
        group.attrs["bntheory_version"] = package_version()
        written = np.frombuffer(text.encode(), dtype=np.uint8)
        group.dimensions = {TEXT: len(written)}
        group.create_variable(TEXT, (TEXT,), data=written)
        for name, values in packer.arrays.items():
            _write_array(group, name, values)
    return file.getvalue()


def _write_array(group: Any, name: str, values: np.ndarray) -> None:
    along = tuple(f"{name}_{k}" for k in range(values.ndim))
    flags = values.dtype.kind == "b"
    # A dimension of length 0 would be one without end: the shape beside says what is empty.
    sizes = dict(zip(along, (max(n, 1) for n in values.shape), strict=True))
    for dimension, size in sizes.items():
        group.dimensions[dimension] = size
    data = values.astype(np.uint8) if flags else values
    data = data if values.size else np.zeros([max(n, 1) for n in values.shape], data.dtype)
    made = group.create_variable(name, along, data=data)
    made.attrs["shape"] = json.dumps(values.shape)
    made.attrs["boolean"] = int(flags)


def load(path: str | Path) -> Any:
    """Read a result from the netCDF file that its `save` wrote.

    Parameters
    ----------
    path
        A file ending in ``.nc``.

    Returns
    -------
    Flow, Runs, Comparison, Sweep, ...
        Equal to the result that was saved.

    Raises
    ------
    ValueError
        For a file that cannot be read, or that holds no result.

    Examples
    --------
    >>> import tempfile, bntheory as bn
    >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0, points=3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     flow.save(f"{folder}/flow.nc")
    ...     bn.load(f"{folder}/flow.nc") == flow
    True
    """
    path = Path(path)
    if path.suffix != ".nc":
        raise InputError("path", str(path), "a file ending in .nc is accepted")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError("path", str(path), f" cannot be read: {error.strerror}") from None
    try:
        return _read(content)
    except PackingError as error:
        raise InputError("path", str(path), f" holds no result that is known: {error}") from None
    except (OSError, KeyError, ValueError, TypeError) as error:
        reason = f" holds no result of this package; xarray may read it ({type(error).__name__})"
        raise InputError("path", str(path), reason) from None


def _read(content: bytes) -> Any:
    import h5netcdf
    import xarray

    with h5netcdf.File(io.BytesIO(content), "r") as whole:
        if GROUP not in whole.groups:
            raise PackingError("it has a dataset alone, which xarray.open_dataset reads")
        group = whole.groups[GROUP]
        text = group.variables[TEXT][...].tobytes().decode()
        arrays = {name: _array(v) for name, v in group.variables.items() if name != TEXT}
    dataset = None
    if '"dataset"' in text:
        with xarray.open_dataset(io.BytesIO(content), engine="h5netcdf") as read:
            dataset = read.load()
    return unpack(json.loads(text), arrays, dataset)


def _array(variable: Any) -> np.ndarray:
    values = np.asarray(variable[...])
    shape = json.loads(variable.attrs["shape"])
    if 0 in shape:
        values = np.zeros(shape, values.dtype)
    return values.astype(bool) if variable.attrs["boolean"] else values
