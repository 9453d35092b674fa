"""What `packaging/` and the citation files say is what `setup.cfg` says."""

import configparser
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "packaging" / "conda" / "recipe.yaml"
#: Packages that conda-forge calls by another name.
CONDA_NAMES = {"matplotlib": "matplotlib-base"}

setup = configparser.ConfigParser()
setup.read(ROOT / "setup.cfg", encoding="utf8")
VERSION = setup["metadata"]["version"]
REQUIRED = [line.strip() for line in setup["options"]["install_requires"].strip().splitlines()]


def entries(name):
    """The `- ` lines of one block of the recipe, which is YAML of the plainest kind."""
    block = re.search(rf"^  {name}:\n((?:    - .*\n)+)", RECIPE.read_text("utf8"), re.MULTILINE)
    return [line.strip()[2:] for line in block[1].splitlines()]


def test_the_conda_recipe_asks_for_what_the_wheel_asks_for():
    wanted = ["python >=${{ python_min }}"]
    for requirement in REQUIRED:
        name, bound = requirement.split(" >= ")
        wanted.append(f"{CONDA_NAMES.get(name, name)} >={bound}")
    assert entries("run") == wanted


@pytest.mark.parametrize("file", ["codemeta.json", ".zenodo.json"])
def test_citation_files_have_the_version_and_the_licence(file):
    said = json.loads((ROOT / file).read_text("utf8"))
    assert said["version"] == VERSION
    assert said["license"].endswith(setup["metadata"]["license"])
    people = said.get("creators", said.get("author"))
    assert [person["name"] for person in people] == [setup["metadata"]["author"]]
    assert said["keywords"] == setup["metadata"]["keywords"].split(", ")


def test_other_files_have_the_version():
    assert f"\n  version: {VERSION}\n" in RECIPE.read_text("utf8")
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text("utf8")


def test_codemeta_lists_the_requirements():
    said = json.loads((ROOT / "codemeta.json").read_text("utf8"))
    assert said["softwareRequirements"] == REQUIRED
    assert said["runtimePlatform"] == f"Python {setup['options']['python_requires']}"


def test_the_recipe_is_one_that_rattler_build_can_render():
    rattler_build = pytest.importorskip(
        "rattler_build", reason="needs rattler-build: make test-recipes"
    )
    recipe = rattler_build.Stage0Recipe.from_file(RECIPE)
    (rendered,) = recipe.render(rattler_build.VariantConfig())
    assert "package='bntheory'" in repr(rendered)
    assert f"version='{VERSION}'" in repr(rendered)


@pytest.mark.parametrize("file", ["Dockerfile", "Dockerfile.cuda"])
def test_images_copy_only_what_exists_and_run_the_command(file):
    """hadolint reads them in `make test-recipes`; no daemon is needed for what is said here."""
    lines = (ROOT / "packaging" / "docker" / file).read_text("utf8").splitlines()
    assert [line.split()[1] for line in lines if line.startswith("COPY ")] == ["."]
    assert f'ENTRYPOINT ["{setup["metadata"]["name"]}"]' in lines
    extras = re.findall(r'"/src\[(\w+)\]"', "\n".join(lines))
    assert all(extra in setup["options.extras_require"] for extra in extras)
