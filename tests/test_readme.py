"""The README's commands run, and print what it shows; its Python runs as it stands."""

import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from command import ENTRY
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = re.findall(r"^```console\n\$ bntheory (.*)\n((?:.*\n)*?)```", README, flags=re.M)
PYTHON = re.findall(r"^```python\n((?:.*\n)*?)```", README, flags=re.M)
MAKE = re.findall(r"^    make (\S+)", README, flags=re.M)
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
SVG = "{http://www.w3.org/2000/svg}"
#: Another machine's libm may round the last of six digits differently, and an adaptive flow then
#: takes other steps within its tolerance.
RELATIVE = 1e-4
#: What is shown as about zero (a standard error of equal starts) is rounding noise.
ABSOLUTE = 1e-12


def test_there_are_commands_to_test():
    assert len(CONSOLE) >= 5
    assert len(PYTHON) >= 1


@pytest.mark.parametrize(("arguments", "shown"), CONSOLE, ids=[line for line, _ in CONSOLE])
def test_a_command_prints_what_the_readme_shows(arguments, shown, tmp_path):
    ended = subprocess.run(
        [*ENTRY, *shlex.split(arguments)],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert_same_text(ended.stdout, shown)
    for path in tmp_path.glob("*.svg"):
        assert_same_picture(path.read_text(), (ROOT / "docs" / path.name).read_text())


def assert_same_text(said: str, shown: str) -> None:
    """The same words, and numbers that differ by rounding, or in their last digit by one."""
    words, expected = (NUMBER.sub("#", text).split() for text in (said, shown))
    assert words == expected
    rounded = []
    for one, other in zip(NUMBER.findall(said), NUMBER.findall(shown), strict=True):
        apart = abs(float(one) - float(other))
        if apart > max(RELATIVE * abs(float(other)), ABSOLUTE):
            assert apart <= 1.01 * last_digit(other), (one, other)
            rounded.append((one, other))
    # A relative difference of 1e-8 turns the last of three digits once in 1e5 numbers: one is
    # bad luck, which the README's p-value has on some machines.
    assert len(rounded) <= 1, rounded


def last_digit(number: str) -> float:
    """What one in the last printed digit of a number after the point is worth."""
    mantissa, _, exponent = number.partition("e")
    digits = len(mantissa.partition(".")[2])
    return 10.0 ** (int(exponent or 0) - digits) if digits else 0.0


def assert_same_picture(drawn: str, shown: str) -> None:
    """The words of a picture, and its curves to a tenth of a point.

    Before 3.11 Matplotlib's layout makes panels some points larger: there curves are compared
    within their panels.
    """
    for pattern in (r"<text[^>]*>([^<]*)</text>", r"<tspan[^>]*>([^<]*)</tspan>"):
        assert_same_text(*("".join(re.findall(pattern, text)) for text in (drawn, shown)))
    if Version(version("matplotlib")) >= Version("3.11"):
        curves, expected = (re.findall(r' d="([^"]*)"', text) for text in (drawn, shown))
        assert len(curves) == len(expected) > 20
        for curve, other in zip(curves, expected, strict=True):
            assert path_points(curve) == pytest.approx(path_points(other), abs=0.1)
    panels, others = (picture_panels(text) for text in (drawn, shown))
    assert len(panels) == len(others) == 5
    for (frame, inside), (other, wanted) in zip(panels, others, strict=True):
        assert frame == pytest.approx(other, abs=10.0)
        assert len(inside) == len(wanted) > 4
        scale = (other[1] - other[0]) / (frame[1] - frame[0])
        for curve, known in zip(inside, wanted, strict=True):
            assert (curve - frame[0]) * scale == pytest.approx(known - other[0], abs=0.1)


def picture_panels(text: str) -> list[tuple[np.ndarray, list[np.ndarray]]]:
    """Of every panel its corners, shape (2, 2), and its curves, shape (points, 2), in points."""
    found = []
    for group in ElementTree.fromstring(text).iter(f"{SVG}g"):
        if group.get("id", "").startswith("axes_"):
            for defined in [own for own in group.iter() if own.find(f"{SVG}defs") is not None]:
                defined.remove(defined.find(f"{SVG}defs"))  # shapes of marks, which lie nowhere
            curves = [path_points(path.get("d", "")) for path in group.iter(f"{SVG}path")]
            frame = curves[0]  # the panel's background comes first
            found.append((np.array([frame.min(axis=0), frame.max(axis=0)]), curves))
    return found


def path_points(commands: str) -> np.ndarray:
    return np.array(list(map(float, NUMBER.findall(commands)))).reshape(-1, 2)


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_runs(code, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "True True\n"
    assert (tmp_path / "compare.png").stat().st_size > 1000


@pytest.mark.parametrize("target", MAKE)
def test_the_make_targets_exist(target):
    """They are not run here, since they make the environment anew: CI runs them."""
    assert re.search(rf"^{target}:.*## ", (ROOT / "Makefile").read_text(), flags=re.M)


def test_files_and_folders_that_it_names_exist():
    named = re.findall(r"\]\(((?!https:)[^)]*)\)", README) + re.findall(r"`(\w+/)`", README)
    assert len(named) >= 8
    assert [name for name in named if not (ROOT / name).exists()] == []
