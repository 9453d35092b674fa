"""Generated packages on disk: named by what they were made from, written once, imported.

Numba cannot cache a function that never was in a file (numba issues 3501, 5128). The functions
of a problem's formulas therefore stand in a file of the user's cache folder, ``system.py``, and
beside it copies of the kernels that call them, which say ``from .system import ...`` there as
they do at home. The folder's name is a hash of the *description* it was made from and of this
package's own source, so a second process finds it, imports it and loads numba's compiled code
from beside it, without importing sympy.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import IO

from platformdirs import user_cache_dir

from .full_disk import say_uncached
from .in_memory import package_in_memory

PACKAGE = Path(__file__).resolve().parent.parent
#: The folders whose source decides what is generated.
GENERATORS = ("codegen", "teacher_student", "odes", "explorer")
#: The environment variable that moves the cache; named in `bntheory --help`.
CACHE_VARIABLE = "BNTHEORY_CACHE"
#: The modules of a generated package: their text by their names, each importing those before it.
Texts = Mapping[str, str]
_LOADING = threading.RLock()


def cache_folder() -> Path:
    """The folder of generated modules; a temporary one when the user's cannot be written."""
    wanted = Path(os.environ.get(CACHE_VARIABLE) or user_cache_dir("bntheory")) / "generated"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK):
            return wanted
    except OSError:
        pass
    fallback = Path(tempfile.gettempdir()) / f"bntheory-{os.getuid()}"
    try:
        fallback.mkdir(mode=0o700, exist_ok=True)
        trusted = fallback.lstat().st_uid == os.getuid() and not fallback.is_symlink()
    except OSError:
        trusted = False
    # Code is imported from there: never from a folder that somebody else could have made.
    return fallback if trusted else _own_folder()


@cache
def _own_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="bntheory-"))


@cache
def source_fingerprint() -> str:
    """A hash of the source that generates: a new version never meets an old version's files."""
    digest = hashlib.sha256()
    for folder in GENERATORS:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            digest.update(str(path.relative_to(PACKAGE)).encode() + path.read_bytes())
    return digest.hexdigest()


def generated(kind: str, description: str, write: Callable[[], Texts]) -> ModuleType:
    """Import the package for a description, writing its modules first if nobody has.

    Parameters
    ----------
    kind
        A word for the folder's name: ``flow``, ``online``.
    description
        Everything the texts depend on besides this package's source.
    write
        Makes the texts; called only when the package does not exist yet.

    Returns
    -------
    types.ModuleType
        The package. It offers the names of all of its modules, of the last that has a name.
    """
    key = hashlib.sha256("\0".join([source_fingerprint(), kind, description]).encode())
    name = f"bntheory_{kind}_{key.hexdigest()[:24]}"
    with _LOADING:  # another thread must not meet a package that is half loaded
        return sys.modules[name] if name in sys.modules else _loaded(name, kind, description, write)


def _loaded(name: str, kind: str, description: str, write: Callable[[], Texts]) -> ModuleType:
    folder = cache_folder() / name
    if folder.exists():
        try:
            return _imported(name, folder)
        except (ImportError, FileNotFoundError):
            # Somebody removed a part of it, a clock or an interrupted `cache clear`: made again.
            shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        texts = write()
        files = {f"{module}.py": text for module, text in texts.items()}
        files["__init__.py"] = "".join(f"from .{module} import *\n" for module in texts)
        files["README"] = f"Made by bntheory, which can make it again.\n\n{kind}: {description}\n"
        try:
            _write_folder(folder, files)
        except OSError as error:
            say_uncached(str(folder.parent), error.strerror or str(error))
            return package_in_memory(name, texts)
    return _imported(name, folder)


def _imported(name: str, folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(package)
    except BaseException:
        for loaded in [one for one in sys.modules if one.partition(".")[0] == name]:
            del sys.modules[loaded]
        raise
    return package


def _write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write under a temporary name and rename: of processes that race, the first one counts."""
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".made-"))
    try:
        temporary.chmod(0o755)
        for name, text in files.items():
            (temporary / name).write_text(text, encoding="utf-8")
        os.rename(temporary, folder)
    except OSError:
        if not folder.exists():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def kernel_texts(*paths: str) -> dict[str, str]:
    """Kernel files, to be copied beside the system they call.

    Parameters
    ----------
    paths
        Paths inside the package without suffix, ``odes/kernels/loop``.

    Returns
    -------
    dict of str to str
        Their text by their name.
    """
    return {
        path.rpartition("/")[2]: (PACKAGE / f"{path}.py").read_text(encoding="utf-8")
        for path in paths
    }


def write_once(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Write under a temporary name and rename: processes may race, readers see a whole file."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def keep(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """`write_once` of what can be made again: a disk that is full is said, and no failure."""
    try:
        write_once(path, write)
    except OSError as error:
        say_uncached(str(path.parent), error.strerror or str(error))
