"""The page by night: colours that can be told from their ground, and plots that take them too."""

import json
import re
from pathlib import Path

import bntheory
import numpy as np
import pytest
from bntheory.explorer.plots import BOUND, END, FLOW, PANELS, panels
from matplotlib.colors import to_rgb
from py_mini_racer import MiniRacer

FOLDER = Path(bntheory.__file__).parent / "explorer"
STYLE = (FOLDER / "style.css").read_text(encoding="utf-8")
SCRIPT = (FOLDER / "plots.js").read_text(encoding="utf-8")
DAY, NIGHT = (
    dict(re.findall(r"--(\w+): (#\w+)", block)) for block in re.findall(r":root \{[^}]*\}", STYLE)
)
#: A page without a browser: every plot has all models, and none but those named in its JSON.
PAGE = """
const PANELS = %s;
const models = {};
const documents_of = (name) => ({get_model_by_name(model) {
  if (!JSON.stringify(PANELS[name]).includes(`"name":"${model}"`)) return null;
  return models[`${name}/${model}`] ??= {};
}});
let theme = %s, change = null;
const Bokeh = {documents: [], embed: {embed_item: async (item, at) => {
  Bokeh.documents.push(documents_of(at.slice(5)));
}}};
const document = {documentElement: null, getElementById: () => ({setAttribute() {}})};
const number = String;
const getComputedStyle = () => ({getPropertyValue: (name) => ` ${theme[name.slice(2)]}`});
const matchMedia = () => ({addEventListener: (_, told) => { change = told; }});
"""


def contrast(one, other):
    """Of two colours, as the accessibility guidelines (WCAG 2) define it."""
    lights = []
    for color in (one, other):
        rgb = to_rgb(color)
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        lights.append(np.dot(linear, (0.2126, 0.7152, 0.0722)) + 0.05)
    return max(lights) / min(lights)


@pytest.mark.parametrize("colors", [DAY, NIGHT], ids=["day", "night"])
def test_text_and_curves_stand_out_from_their_ground(colors):
    assert contrast("white", "black") == pytest.approx(21.0)
    for ground in ("paper", "ground"):
        assert contrast(colors["ink"], colors[ground]) > 7.0
        assert contrast(colors["soft"], colors[ground]) > 4.5
        for curve in ("flow", "end", "bound"):
            assert contrast(colors[curve], colors[ground]) > 3.0


def test_night_changes_every_colour_and_is_dark():
    assert set(NIGHT) == set(DAY)
    assert contrast(NIGHT["paper"], "black") < 2.0
    assert [DAY[name].upper() for name in ("flow", "end", "bound")] == [FLOW, END, BOUND]


def test_every_plot_takes_the_page_s_colours_and_again_when_night_falls():
    engine = MiniRacer()
    engine.eval(PAGE % (json.dumps(json.loads(panels()), separators=(",", ":")), json.dumps(DAY)))
    engine.eval(SCRIPT)
    engine.eval("embedPlots()").get()
    painted = json.loads(engine.eval("JSON.stringify(models)"))
    lines = {"flow-line": "flow", "end-line": "end"}
    for panel in PANELS:
        own = lines | ({"bound-line": "bound"} if panel == "eta_eff" else {})
        for model, color in own.items():
            assert painted[f"{panel}/{model}"]["line_color"] == DAY[color]
        assert painted[f"{panel}/title"]["text_color"] == DAY["ink"]
        for axis in ("x-axis", "y-axis"):
            assert painted[f"{panel}/{axis}"]["major_label_text_color"] == DAY["ink"]
        assert painted[f"{panel}/y-grid"]["grid_line_color"] == DAY["line"]
    engine.eval(f"theme = {json.dumps(NIGHT)}; change()")
    night = json.loads(engine.eval("JSON.stringify(models)"))
    assert night["error/flow-line"]["line_color"] == NIGHT["flow"]
    assert night["error/title"]["text_color"] == NIGHT["ink"]


def test_a_logarithmic_plot_shows_no_zero():
    engine = MiniRacer()
    engine.eval(PAGE % (json.dumps({"error": {"name": "flow"}, "Q": {"name": "flow"}},
                                   separators=(",", ":")), json.dumps(DAY)))  # fmt: skip
    engine.eval(SCRIPT)
    engine.eval("embedPlots()").get()
    engine.eval("fill('error', 'flow', [0, 1], [0.1, 0]); fill('Q', 'flow', [0, 1], [0.1, 0]);")
    shown = engine.eval("JSON.stringify([models['error/flow'].data, models['Q/flow'].data])")
    assert json.loads(shown) == [{"t": [0, 1], "error": [0.1, None]}, {"t": [0, 1], "Q": [0.1, 0]}]
