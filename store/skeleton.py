"""A store without a chunk: the files that describe its arrays, and its axes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from ..results.files import units
from .blocks import MISSING, STATUS_ATTRIBUTES, Layout
from .files import NEW, write_durably

#: Attributes of the store itself.
OWN = ("identity", "axes", "variables", "chunk")


def made_beside(path: Path, layout: Layout) -> Path:
    """Make an empty store in a folder beside the one that it shall be renamed to."""
    folder = Path(tempfile.mkdtemp(prefix=path.name + NEW, dir=path.parent))
    mask = os.umask(0)
    os.umask(mask)
    folder.chmod(0o777 & ~mask)
    try:
        for key, data in skeleton(layout).items():
            write_durably(folder / key, data)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def skeleton(layout: Layout) -> dict[str, bytes]:
    """An empty store's files: descriptions and axes."""
    import zarr
    from zarr.codecs import Crc32cCodec
    from zarr.storage import MemoryStore

    files: dict[str, Any] = {}
    group = zarr.open_group(MemoryStore(files), mode="w-", zarr_format=3)
    shared: dict[str, Any] = {"compressors": [Crc32cCodec()]}
    for name, values in layout.axes.items():
        group.create_array(name, data=values, chunks=values.shape, dimension_names=(name,),
                           attributes={"units": units(name)}, **shared)  # fmt: skip
    kinds: dict[str, tuple[Any, Any]] = dict.fromkeys(layout.variables, ("f8", np.nan))
    kinds |= {"status": ("u1", MISSING), "message": (str, "")}
    shared |= {"dimension_names": tuple(layout.axes), "chunks": layout.chunk}
    for name, (kind, fill) in kinds.items():
        about: dict[str, Any] = {"units": units(name)}
        about |= STATUS_ATTRIBUTES if name == "status" else {}
        group.create_array(
            name, shape=layout.shape, dtype=kind, fill_value=fill, attributes=about, **shared
        )
    digests = {name: axis_digest(values) for name, values in layout.axes.items()}
    own: dict[str, Any] = {"identity": json.dumps(layout.identity), "axes": json.dumps(digests)}
    lists: dict[str, Any] = {"variables": list(layout.variables), "chunk": list(layout.chunk)}
    group.attrs.update(dict(layout.attributes) | own | lists)
    with warnings.catch_warnings():
        # One file that describes all arrays: a store opens quickly, and xarray looks for it.
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(MemoryStore(files))
    return {key: buffer.to_bytes() for key, buffer in files.items()}


def axis_digest(values: np.ndarray) -> str:
    """The checksum of an axis that a store's description holds."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:32]
