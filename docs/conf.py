"""The site's settings: `make docs` builds it, and a warning is an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import bntheory
import jupytext

HERE = Path(__file__).resolve().parent
SCRATCH = HERE / "_build" / "scratch"
sys.path.insert(0, str(HERE / "_ext"))
# Pages run the command as a reader does, wherever the environment's folder is.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

project = "bntheory"
author = "The bntheory developers"
copyright = author
release = version = bntheory.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_click",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.programoutput",
    "sphinx-mathjax-offline",  # MathJax comes with the pages: they are read without a network
]
exclude_patterns = ["_build", "_ext", "gallery", "examples/**/*.ipynb"]
templates_path = ["_templates"]
suppress_warnings = ["sphinx_gallery.space_in_filename"]  # the clone's own path may have spaces
smartquotes = False  # "--option" stays as it is typed

html_theme = "furo"
html_title = "bntheory"
html_static_path = ["_static"]
html_css_files = ["bntheory.css"]
html_extra_path = ["_extra"]

# Python in pages is executed anew at every build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Commands in pages, too: `{command-output}`, shown as a reader would type them.
programoutput_prompt_template = "$ {command}\n{output}"

copybutton_prompt_text = "$ "

default_role = "py:obj"  # single backticks of docstrings name Python objects where they can
autosummary_generate = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
numpydoc_show_class_members = False  # the class template lists them, with their docstrings

sphinx_gallery_conf = {
    "examples_dirs": "gallery",
    "gallery_dirs": "examples",
    "filename_pattern": "/plot_",
    "within_subsection_order": "FileNameSortKey",
    "subsection_order": ["gallery/verdict", "gallery/training", "gallery/normalisation", "*"],
    "image_scrapers": ("house_pictures",),
    "reset_modules": ("matplotlib", "house_pictures.use_house_style"),
    "ignore_repr_types": "matplotlib",  # a picture is shown, its name in Python is not
    "matplotlib_animations": False,
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "abort_on_example_error": True,
    "write_computation_times": False,
    "parallel": 2,
}


def make_explorer(app):
    """Put the explorer beside the pages, made by the command that makes it for a reader."""
    extra = HERE / "_extra"
    extra.mkdir(exist_ok=True)
    choices = ["--activations", "relu,identity", "--schemes", "sgd,wn,pn,bn"]
    choices += ["--batch-sizes", "8,32", "--quiet", "--output", str(extra / "explore.html")]
    subprocess.run(["bntheory", "explore", *choices], check=True)


def make_notebook(app):
    """Put the tutorial beside its page as a notebook: the same cells, which this build runs."""
    notebook = jupytext.read(HERE / "tutorial.md", fmt="md:myst")
    jupytext.write(notebook, HERE / "_extra" / "tutorial.ipynb")


def shorten_signature(app, what, name, obj, options, signature, returned):
    """Show a dataclass's default that is made anew as what it is: ``<factory>`` is no Python."""
    if signature and "<factory>" in signature:
        return signature.replace("<factory>", "{}"), returned
    return None


def show_example(app, context, lines):
    """Print the examples that end a command's help as what a reader types."""
    typed = [f"   {line}" for line in lines if line.startswith("$ ")]
    lines[:] = [".. code-block:: console", "", *typed, ""] if typed else []


def empty_scratch(app):
    """Give the commands in pages an empty folder to save in, and let none of them be remembered.

    What an earlier build printed is kept by the extension, but not the files that it wrote.
    """
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    app.env.programoutput_cache.clear()


def setup(app):
    """What Sphinx calls when it has read this file."""
    (HERE / "_extra").mkdir(exist_ok=True)
    app.connect("builder-inited", empty_scratch)
    app.connect("builder-inited", make_explorer)
    app.connect("builder-inited", make_notebook)
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("sphinx-click-process-epilog", show_example)
