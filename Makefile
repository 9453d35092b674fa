# Every target works on a fresh machine that has Python 3.11 or newer and make.
PYTHON ?= python3
BIN := .venv/bin
WORKERS ?= 2

help:  ## list the targets (the default)
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/installed: setup.cfg pyproject.toml
	rm -rf .venv
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "bntheory needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

.venv/installed-test: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@

.venv/installed-check: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[check]'
	touch $@

demo: .venv/installed  ## the main job: theory against simulation, with a picture and a verdict
	$(BIN)/bntheory compare --output demo.json --output demo.png

test: .venv/installed-test  ## the test suite, without the tests marked slow
	$(BIN)/python -m pytest -n $(WORKERS)

# Compiled kernels are not seen: what they compute is tested, but not counted here.
.venv/installed-coverage: .venv/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[coverage]'
	touch $@

coverage: .venv/installed-coverage  ## the test suite, and the share of lines of Python that it runs
	$(BIN)/python -m pytest -n $(WORKERS) --cov=. --cov-report=term:skip-covered

test-all: .venv/installed-test  ## the test suite, slow tests included
	$(BIN)/python -m pytest -n $(WORKERS) -m ''

# Pinned to a version whose build for CPUs is at hand; elsewhere pip may fetch a build for GPUs with
# it, of several gigabytes, unless it is pointed at an index of CPU builds (PIP_INDEX_URL).
.venv/installed-cnn: .venv/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[cnn,test-cnn]' 'torch==2.13.0'
	touch $@

test-cnn: .venv/installed-cnn  ## the tests of the CNN adapter, with PyTorch for CPUs
	$(BIN)/python -m pytest -n $(WORKERS) tests/cnn
	$(BIN)/python -m pytest -n 0 tests/test_examples.py tests/test_frozen.py tests/cli/test_help_examples.py -k cnn

# What a user installs: the wheel, made from the sdist, in an environment with nothing else.
test-dist: .venv/installed-check  ## build sdist and wheel, install the wheel in a clean environment and run it there
	rm -rf build/dist build/clean
	$(BIN)/python -m build --quiet --outdir build/dist
	$(BIN)/python -m twine check --strict build/dist/*
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip install --quiet build/dist/*.whl
	cd build && clean/bin/bntheory doctor --quiet && clean/bin/python -m bntheory integrate --quiet
	cd build && test "$$(clean/bin/bntheory --version)" = "bntheory, version $$(sed -n 's/^version = //p' ../setup.cfg)"

# Linters of the conda recipe and of the Dockerfiles; nothing is built.
.venv/installed-recipes: .venv/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[recipes]'
	touch $@

test-recipes: .venv/installed-recipes  ## the conda recipe and the Dockerfiles, by their linters
	$(BIN)/python -m pytest -n 0 tests/test_recipes.py
	$(BIN)/hadolint packaging/docker/Dockerfile packaging/docker/Dockerfile.cuda

# The lowest versions that setup.cfg accepts. They meet newer libraries of theirs, whose
# deprecations are not ours.
test-minimum: setup.cfg  ## the test suite with the lowest versions that setup.cfg accepts
	rm -rf build/minimum
	$(PYTHON) -m venv build/minimum
	sed -n '/^install_requires/,/^$$/s/^    \(.*\) >= /\1 == /p' setup.cfg > build/minimum/lowest.txt
	build/minimum/bin/python -m pip install --quiet --constraint build/minimum/lowest.txt --editable '.[test]'
	build/minimum/bin/python -m pytest -n $(WORKERS) -W default::DeprecationWarning

test-newest: setup.cfg  ## the test suite with the newest versions there are, prereleases included
	rm -rf build/newest
	$(PYTHON) -m venv build/newest
	build/newest/bin/python -m pip install --quiet --pre --editable '.[test]'
	build/newest/bin/python -m pytest -n $(WORKERS)

.venv/installed-browser: .venv/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[browser]'
	touch $@

# A browser is the system's: playwright's own would be some hundred megabytes for one test.
CHROMIUM ?= $(firstword $(foreach name,chromium chromium-browser google-chrome,$(shell command -v $(name))))

test-browser: .venv/installed-browser  ## the explorer's page in headless Chromium
	@test -x "$(CHROMIUM)" || { echo "test-browser needs chromium, chromium-browser or google-chrome on the PATH, or CHROMIUM=/path/to/it" >&2; exit 1; }
	CHROMIUM=$(CHROMIUM) $(BIN)/python -m pytest -n 0 tests/explorer/test_explorer_page.py

check: .venv/installed-check  ## lint, layers, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	rm -rf .venv/typecheck build
	$(BIN)/python -m pip install --quiet --no-deps --target .venv/typecheck .
	cd .venv/typecheck && ../bin/mypy -p bntheory

.venv/installed-docs: .venv/installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@

docs: .venv/installed-docs  ## the documentation site, in docs/_build/html; warnings are errors
	$(BIN)/python -m sphinx -W --keep-going docs docs/_build/html

bench: .venv/installed-test  ## ratios measured side by side in one run (table, benchmarks/latest.json, docs/benchmarks.md)
	$(BIN)/python benchmarks/run.py --json benchmarks/latest.json --page docs/benchmarks.md

clean:  ## remove everything that make made
	rm -rf .venv build *.egg-info demo.json demo.png benchmarks/latest.json .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .coverage
	rm -rf docs/_build docs/_extra docs/examples docs/api/generated

.PHONY: help demo test test-all test-browser test-cnn test-dist test-recipes test-minimum test-newest check coverage docs bench clean
