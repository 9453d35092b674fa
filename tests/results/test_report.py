"""Reports: one page that says what the command said, shows it, and asks nothing of the network."""

import json
import math
import re
import shlex
from html import unescape
from html.parser import HTMLParser
from xml.etree import ElementTree

import bntheory as bn
import pytest
import sympy
from bntheory.pictures.drawing import new_figure
from bntheory.pictures.style import house_style
from bntheory.results.html_table import Table
from bntheory.results.report_page import Drawing, Report, page
from command import FEW, call

VOID = {"meta", "br", "hr", "img", "input", "link", "wbr"}
SWEEP = ("sweep", "--scheme", "wn", "--time", "1", "--quantity", "final-error", "--eta")
#: What asks for another file.
FETCHES = ("src", "href", "xlink:href", "data", "poster", "action", "srcset")


class Page(HTMLParser):
    """Reads a page: its text by tag, and what is wrong with it."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.open, self.text, self.tags, self.ids, self.fetched = [], {}, [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.note(attributes)
        if tag not in VOID:
            self.open.append(tag)
            self.text.setdefault(tag, []).append("")

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.note(attributes)

    def note(self, attributes):
        self.ids += [value for name, value in attributes if name == "id"]
        self.fetched += [v for n, v in attributes if n in FETCHES and v[:1] != "#"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.text[tag][-1] += data


def read(path):
    """A report that is a whole page in itself."""
    html = path.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert '<html lang="en">' in html
    found = Page(html)
    assert all(resource.startswith("data:") for resource in found.fetched)
    assert not {"script", "link", "iframe", "object", "img"} & set(found.tags)
    assert "@import" not in html
    inside = re.findall(r"url\((.*?)\)", html)
    assert all(re.match(r"""['"]?(#|data:)""", resource) for resource in inside)
    assert len(set(found.ids)) == len(found.ids)
    assert len(found.text["title"][0]) > 10
    assert all(len(caption) > 10 for caption in found.text["figcaption"] + found.text["caption"])
    assert found.tags.count("svg") == 2 * found.tags.count("figure")  # one for each width
    assert html.count('role="img" aria-label="') == found.tags.count("svg")
    assert found.tags.count("table") == found.tags.count("caption") == found.tags.count("thead")
    return found


def test_a_comparison_reports_its_verdict_and_can_be_made_again(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    name, data = "it's <a> & b.html", tmp_path / "all.json"
    arguments = ["compare", "--scheme", "wn", *FEW, "--seed", "3", "--json", "--quiet"]
    status = call(monkeypatch, *arguments, "--report", name, "--output", str(data))
    printed = capsys.readouterr().out
    result, found = json.loads(printed), read(tmp_path / name)
    assert status == (0 if result["agree"] else 1)
    assert json.loads(data.read_text()) == result
    assert found.text["p"][0] == result["verdict"]
    assert {"figure", "math", "svg"} <= set(found.tags)
    problem = found.text["tbody"][4]
    assert "seed3" in problem.replace("\n", "")
    assert "numba" in found.text["tbody"][5]
    command, *again = shlex.split(found.text["code"][0])
    assert (command, again[-4:]) == ("bntheory", ["--report", name, "--output", str(data)])
    data.unlink()
    assert call(monkeypatch, *again) == status
    assert capsys.readouterr().out == printed
    assert data.exists()


@pytest.mark.parametrize("grid", [("0.1:2:4:log",), ("0.1:2:4:log", "--noise", "0,0.1,0.2")])
def test_sweeps_report_curves_and_maps(grid, monkeypatch, tmp_path, capsys):
    path = tmp_path / "sweep.html"
    assert call(monkeypatch, *SWEEP, *grid, "--report", str(path), "--quiet") == 0
    found = read(path)
    assert found.text["p"][0] == capsys.readouterr().out.splitlines()[-1]
    assert "grid points are complete; final-error is smallest" in found.text["p"][0]
    assert found.tags.count("figure") == 1
    assert found.text["tbody"][0].strip().count("\n") + 1 == (4 if len(grid) == 1 else 12)


def test_a_sweep_without_a_picture_reports_its_table(monkeypatch, tmp_path):
    path = tmp_path / "one.html"
    assert call(monkeypatch, *SWEEP, "0.5", "--report", str(path), "--quiet") == 0
    html = path.read_text()
    assert "<figure>" not in html
    assert "1 of 1 grid points are complete." in html


def test_claims_report_their_verdicts(monkeypatch, tmp_path, capsys):
    path = tmp_path / "claims.html"
    assert call(monkeypatch, "cnn", "compare", "--report", str(path)) == 0
    found = read(path)
    assert found.text["p"][0] == capsys.readouterr().out.splitlines()[-1]
    assert "torch, when trained" in found.text["tbody"][-1]
    assert "math" in found.tags


def test_a_plan_reports_as_well(monkeypatch, tmp_path, capsys):
    path = tmp_path / "plan.htm"
    wanted = ["--plan", "0.01", "--scheme", "wn", "--time", "1", "--report", str(path)]
    assert call(monkeypatch, "compare", *wanted) == 0
    assert read(path).text["p"][0] == capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("path", ["-", "x.pdf", "nowhere/x.html", "folder.html"])
def test_a_report_that_cannot_be_written_is_refused_before_any_work(
    path, monkeypatch, tmp_path, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    monkeypatch.setattr("bntheory.experiments.verdict.compare.compare", None)  # would be an error
    assert call(monkeypatch, "compare", "--report", path) == 2
    assert f"--report={path!r}" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.html"]


def test_all_text_is_escaped():
    bad = "</title><script>alert('&')</script>"
    report = Report(bad, bad, {bad: bad}, {bad: bad}, {}, (bad,), (), (Table(bad, {bad: [bad]}),),
                    (bad,), {bad: bad})  # fmt: skip
    html = page(report, ["bntheory", bad], 1.0)
    assert "script" not in Page(html).tags
    assert unescape(html).count(bad) >= 10
    assert Page(html).text["title"] == [bad]


def test_what_a_picture_says_is_escaped_too():
    with house_style():
        drawing = Drawing('a "b" < c', lambda width: new_figure(width=width))
    html = page(Report("t", "v", pictures=(drawing,)), ["bntheory"], 1.0)
    assert Page(html).text["figcaption"] == ['a "b" < c']
    assert 'aria-label="a &quot;b&quot; &lt; c"' in html


def value(node, names):
    """What a MathML element is worth: read as a reader does, from what is printed."""
    parts = [value(child, names) for child in node]
    if node.tag == "mfrac":
        return f"(({parts[0]})/({parts[1]}))"
    if node.tag == "msup":
        return f"({parts[0]})**({parts[1]})"
    if node.tag == "msqrt":
        return f"math.sqrt({''.join(parts)})"
    if node.tag == "msub":
        return "gamma_rate"
    if node.tag in ("mi", "mn", "mo"):
        return names.get(node.text, node.text)
    return "".join(parts)


@pytest.mark.parametrize(
    ("scheme", "activation"), [("wn", "relu"), ("sgd", "erf"), ("bn", "identity")]
)
def test_mathml_says_what_was_derived(scheme, activation):
    """Printed sums, their signs and line breaks are read back and evaluated."""
    greek = {"η": "eta", "ζ": "zeta", "λ": "lam", "γ": "gamma", "π": "math.pi", "−": "-",
             "\u2062": "*", "arccos": "math.acos", "arcsin": "math.asin",
             "Γ": "math.gamma"}  # fmt: skip
    names = {"eta": 0.7, "zeta": 0.3, "lam": 0.2, "Q": 0.6, "R": 0.4, "L": 1.3, "M": 16.0, "m": 8.0,
             "S": 0.5, "gamma_rate": 1.1}  # fmt: skip
    derived = bn.derive(bn.Problem(activation, scheme=scheme))
    for name, text in derived.mathml().items():
        root = ElementTree.fromstring(unescape(text))
        rows = root.findall(".//mtr")
        assert "".join(rows[0][0].itertext()) == f"d{name}dt="
        printed = "".join(value(row[1], greek) for row in rows)
        printed = re.sub(r"\|(.*?)\|", r"abs(\1)", printed)
        found = eval(printed, {"math": math, "abs": abs}, names)
        right = derived.equations[name]
        known = {s: names["lam" if s.name == "lambda" else s.name] for s in right.free_symbols}
        assert found == pytest.approx(float(sympy.N(right.subs(known))), rel=1e-9)
