"""The wheel, built from a copy of the clone in a folder of another name."""

import configparser
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def builds_wheels() -> bool:
    """Whether the setuptools at hand can make wheels by itself, as it can from 70.1 on."""
    try:
        return tuple(map(int, version("setuptools").split(".")[:2])) >= (70, 1)
    except (PackageNotFoundError, ValueError):
        return False


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> list[str]:
    """The names of the files in the wheel."""
    clone = tmp_path_factory.mktemp("packaging") / "bn-theory x"
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, tracked):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clone / name)
    # With setuptools at hand nothing is fetched; without, pip fetches it as for any install.
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation"] if builds_wheels() else []
    made = clone.parent / "made"
    ended = subprocess.run(
        [*command, "--wheel-dir", str(made), "."], cwd=clone, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    (path,) = made.glob("bntheory-*.whl")
    return zipfile.ZipFile(path).namelist()


def test_nothing_lands_beside_the_package(wheel):
    top = {name.split("/")[0] for name in wheel}
    assert {name for name in top if not name.endswith(".dist-info")} == {"bntheory"}
    assert not any(name.startswith(("bntheory/tests/", "bntheory/.")) for name in wheel)


def test_every_source_file_of_every_subpackage_is_there(wheel):
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    packages = settings["options"]["packages"].split()
    assert "bntheory.odes" in packages
    for package in packages:
        folder = ROOT / package.replace(".", "/").removeprefix("bntheory").lstrip("/")
        assert list(folder.glob("*.py"))
        for path in folder.glob("*.py"):
            assert f"{package.replace('.', '/')}/{path.name}" in wheel


def test_every_folder_of_source_is_listed(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*__init__.py"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    folders = {Path(name).parent.as_posix() for name in tracked if (ROOT / name).is_file()}
    shipped = (Path(name) for name in wheel if name.endswith("/__init__.py"))
    assert folders == {path.parent.relative_to("bntheory").as_posix() for path in shipped}


def test_types_style_and_entry_point_are_there(wheel):
    assert "bntheory/py.typed" in wheel
    assert "bntheory/pictures/bntheory.mplstyle" in wheel
    tables = {f"bntheory/{path.relative_to(ROOT)}" for path in ROOT.glob("odes/tables/shipped/*")}
    assert len(tables) > 40
    assert tables <= set(wheel)
    assert any(name.endswith(".dist-info/entry_points.txt") for name in wheel)
    assert any("LICENSE" in name for name in wheel)
