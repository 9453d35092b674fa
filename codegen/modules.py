"""Generated modules on disk: named by what they were made from, written once, imported.

Numba cannot cache a function that never was in a file (numba issues 3501, 5128). A generated
module is therefore a file in the user's cache folder. Its name is a hash of the *description*
it was made from and of this package's own source, so a second process finds the file, imports
it and loads numba's compiled code from beside it, without importing sympy.
"""

from __future__ import annotations

import hashlib
import importlib.util
import linecache
import os
import re
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import IO

from platformdirs import user_cache_dir

from .full_disk import say_uncached

PACKAGE = Path(__file__).resolve().parent.parent
#: The folders whose source decides what is generated.
GENERATORS = ("codegen", "teacher_student", "odes")
#: The environment variable that moves the cache; named in `bntheory --help`.
CACHE_VARIABLE = "BNTHEORY_CACHE"
TEMPLATE_IMPORT = "# the generated functions of one problem stand here"
TEMPLATE_END = "# until here\n"


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


def generated(kind: str, description: str, write: Callable[[], str]) -> ModuleType:
    """Import the module for a description, writing its text first if nobody has.

    Parameters
    ----------
    kind
        A word for the file's name: ``flow``, ``chain``.
    description
        Everything the text depends on besides this package's source.
    write
        Makes the text; called only when the file does not exist yet.
    """
    key = hashlib.sha256("\0".join([source_fingerprint(), kind, description]).encode())
    name = f"bntheory_{kind}_{key.hexdigest()[:24]}"
    if name in sys.modules:
        return sys.modules[name]
    path = cache_folder() / f"{name}.py"
    if not path.exists():
        text = write()
        try:
            write_once(path, lambda file: file.write(text.encode()))
        except OSError as error:
            say_uncached(str(path.parent), error.strerror or str(error))
            return sys.modules.setdefault(name, _in_memory(name, text))
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return sys.modules.setdefault(name, module)


def _in_memory(name: str, text: str) -> ModuleType:
    """A module that has no file, and so no compiled code that outlives the process."""
    module = ModuleType(name)
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    exec(compile(text, name, "exec"), module.__dict__)
    return module


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


def from_template(template: str, functions: str) -> str:
    """Put generated functions into a template module's source.

    A template is an ordinary module of kernels that imports stand-ins for the generated
    functions between the comments `TEMPLATE_IMPORT` and `TEMPLATE_END`. The stand-ins make it
    readable and checkable as it is; here their import gives way to the functions themselves.

    Parameters
    ----------
    template
        The template's path inside the package, ``odes/kernels/loop.py``.
    functions
        Source text of the generated functions.
    """
    head, marker, tail = (PACKAGE / template).read_text().partition(TEMPLATE_IMPORT)
    if not marker:
        raise ValueError(f"template={template!r} has no line {TEMPLATE_IMPORT!r}")
    _, _, rest = tail.partition(TEMPLATE_END)
    folders = ["bntheory", *template.split("/")[:-1]]

    def absolute(relative: re.Match[str]) -> str:
        above = folders[: len(folders) + 1 - len(relative[1])]
        return f"from {'.'.join(above)}.{relative[2]}"

    return re.sub(r"^from (\.+)(?=\w)(\w)", absolute, f"{head}{functions}\n{rest}", flags=re.M)
