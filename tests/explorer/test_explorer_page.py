"""The page in a browser: `make test-browser`. Skipped where no Chromium is found."""

import json
import os
import shlex
import shutil

import bntheory as bn
import pytest
from bntheory.explorer.page import page
from command import run_command

SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
playwright = pytest.importorskip(
    "playwright.sync_api", reason="needs playwright: make test-browser installs it"
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason=f"needs one of {', '.join(NAMES)} on the PATH, or CHROMIUM=/path"
)
#: Issue 9: numbers of the page agree with the commands to this.
AGREE = 1e-6
PROBLEM = bn.Problem(scheme="pn", noise=0.1, batch_size=8)
CLASSES = "#scheme=wn&activation=identity&loss=logistic&labels=bernoulli:1.7&zeta=0&eta=0.7"
RANGES = ("eta", "momentum", "batch_size", "statistics_size", "zeta", "noise", "weight_decay",
          "q0", "r0", "l0", "time")  # fmt: skip


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The page's file as an address."""
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    text = page(PROBLEM, ["relu", "identity"], ["sgd", "wn", "pn", "bn"], [4, 8, 32])
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser, address):
    """Opens the page at a width and a fragment; afterwards nothing may have gone wrong."""
    said, asked, contexts = [], [], []

    def opens(width=1280, fragment=""):
        context = browser.new_context(viewport={"width": width, "height": 800})
        contexts.append(context)
        shown = context.new_page()
        shown.on("console", lambda m: said.append(m.text) if m.type != "log" else None)
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("request", lambda request: asked.append(request.url))
        shown.goto(address + fragment)
        shown.wait_for_selector("html[data-ready=yes]")
        return shown

    yield opens
    for context in contexts:
        context.close()
    assert said == []
    assert {url.partition("#")[0] for url in asked} == {address}


def state(shown):
    return shown.evaluate("explorer.state")


def curve(shown, name):
    """What Bokeh draws, not what was computed."""
    data = f"documents.{name}.get_model_by_name('flow').data"
    return shown.evaluate(f"[Array.from({data}.t), Array.from({data}.{name})]")


def value(shown, name):
    """A number of the page; None where the page has a dash."""
    text, read = shown.get_attribute(f"#{name}", "data-value"), shown.text_content(f"#{name}")
    if read == "–":
        assert text == ""
        return None
    # What is read on the page is that number, to seven digits.
    assert float(read) == pytest.approx(float(text), rel=1e-6)
    return float(text)


def agrees_with_the_commands(shown):
    commands = [
        shown.text_content(f"#command-{name}").strip() for name in ("integrate", "fixed-points")
    ]
    outputs = []
    for command in commands:
        ended = run_command(*shlex.split(command)[1:], "--json")
        assert ended.returncode == 0, ended.stderr
        outputs.append(json.loads(ended.stdout))
    flow, found = outputs
    for name in ("Q", "R", "L", "error"):
        assert value(shown, f"end-{name}") == pytest.approx(flow[name][-1], abs=AGREE)
        t, values = curve(shown, name)
        assert t == pytest.approx(flow["t"])
        assert values == pytest.approx(flow[name], abs=AGREE)
    reached = next(point for point in found["points"] if point["reached"])
    for name in ("Q", "R", "error", "eta_eff", "eta_max", "largest_eta"):
        expected = reached[name]  # null where there is no bound: with weight decay, say
        if expected is not None:
            expected = pytest.approx(expected, rel=AGREE, abs=AGREE)
        assert value(shown, f"point-{name}") == expected, name
    assert found["summary"].partition("training ends at ")[2][:60] in shown.text_content(
        "#verdict-text"
    )


def test_sliders_move_by_keyboard_and_the_curves_with_them(open_page):
    shown = open_page()
    for name in RANGES:
        before, drawn = state(shown), curve(shown, "Q")
        shown.focus(f"#{name}")
        if shown.is_disabled(f"#{name}"):
            assert name == "zeta"  # it is auto
            continue
        # Statistics are those of whole batches, the most there are.
        for _ in range(2):
            shown.keyboard.press("ArrowLeft" if name == "statistics_size" else "ArrowRight")
        shown.wait_for_function(f"explorer.state.{name} !== {json.dumps(before[name])}")
        shown.wait_for_function("!waiting")
        assert curve(shown, "Q") != drawn, name
        assert f"{name}=" in shown.url
    agrees_with_the_commands(shown)


@pytest.mark.parametrize(
    "fragment",
    ["#scheme=bn&activation=identity&batch_size=8&eta=1.3&noise=0.25&zeta=0.1&time=35",
     "#scheme=bn&activation=relu&batch_size=32&statistics_size=8&eta=3&noise=0.2&weight_decay=0.1",
     "#scheme=pn&activation=relu&batch_size=8&eta=0.1&momentum=0.9&noise=0.1&weight_decay=0.2",
     "#scheme=sgd&activation=relu&batch_size=4&eta=0.9&q0=1.35&r0=-0.2&zeta=0"],
)  # fmt: skip
def test_a_state_in_the_address_agrees_with_the_commands(open_page, fragment):
    agrees_with_the_commands(open_page(fragment=fragment))


@pytest.mark.parametrize(
    ("fragment", "sizes"),
    [
        ("", [8, None]),
        ("#scheme=bn&batch_size=32&statistics_size=8", [32, 8]),
        ("#scheme=bn&batch_size=32&statistics_size=32", [32, None]),
        ("#scheme=bn&batch_size=32", [32, None]),
        ("#scheme=bn&batch_size=32&statistics_size=2.5", [32, None]),
        ("#scheme=bn&batch_size=32&statistics_size=5", [32, 5]),
    ],
)
def test_sizes_in_the_address_are_read_and_written(open_page, fragment, sizes):
    shown = open_page(fragment=fragment)
    found = state(shown)
    assert [found["batch_size"], found["statistics_size"]] == sizes
    assert f"statistics_size={sizes[1] or sizes[0]}" in shown.url
    assert (shown.text_content("#verdict-title") == "No theory here") == (sizes[1] == 5)


def test_signs_and_the_logistic_loss_are_chosen_and_drawn(open_page):
    """By the controls; what Bokeh draws is what Python computes."""
    shown = open_page(fragment="#scheme=wn&activation=identity&eta=0.7&batch_size=4&time=20&zeta=0")
    disabled = "[...document.querySelector('#loss').options].filter((x) => x.disabled)"
    assert shown.evaluate(f"{disabled}.map((x) => x.value)") == ["logistic", "hinge"]
    assert "two classes" in shown.text_content("#loss-note")
    assert not shown.is_visible("#plot-expected_loss")
    shown.select_option("#labels", "sign")
    shown.wait_for_function(f"{disabled}.length === 0")
    shown.select_option("#loss", "logistic")
    shown.wait_for_function("explorer.state.loss === 'logistic'")
    assert "loss=logistic&labels=sign" in shown.url
    assert not shown.is_visible("#plot-error")
    command, line = (shown.text_content(f"#command-{x}").strip() for x in ("integrate", "python"))
    named = {}
    exec(line, {"bn": bn}, named)
    ended = run_command(*shlex.split(command)[1:], "--json")
    assert json.loads(ended.stdout)["error01"] == pytest.approx(named["flow"].values["error01"])
    for name, values in (named["flow"].values | {"expected_loss": named["loss"]}).items():
        if name in ("Q", "R", "L", "error01", "expected_loss"):
            assert curve(shown, name)[1] == pytest.approx(values, abs=1e-8), name
            assert value(shown, f"end-{name}") == pytest.approx(values[-1], abs=1e-8)
    assert shown.text_content("#verdict-title") == "Nothing to end at"
    # A batch scheme of it is not offered, and one in the address is not taken.
    assert shown.is_disabled("#scheme option[value=bn]")
    assert "bntheory explore --scheme bn" in shown.text_content("#scheme-note")
    other = open_page(fragment="#scheme=bn&activation=identity&loss=logistic&labels=sign")
    assert state(other)["loss"] == "squared"


def test_the_verdict_follows_the_learning_rate(open_page):
    shown = open_page(fragment="#scheme=sgd&activation=relu&batch_size=1&eta=0.5&noise=0&zeta=0")
    assert shown.text_content("#verdict-title") == "Stable: ends at a fixed point"
    shown.focus("#eta")
    shown.keyboard.press("End")
    shown.wait_for_function("document.querySelector('#verdict').dataset.tone === 'bad'")
    assert shown.text_content("#verdict-title").startswith("Diverges at t = ")


def test_a_batch_without_theory_is_refused_with_dashes(open_page):
    shown = open_page(fragment="#scheme=bn&activation=relu&batch_size=2")
    assert shown.text_content("#verdict-title") == "No theory here"
    assert "E[1/s^2]" in shown.text_content("#verdict-text")
    assert shown.text_content("#end-Q") == shown.text_content("#point-eta_max") == "–"
    assert "NaN" not in shown.inner_text("body")


@pytest.mark.parametrize("width", [375, 768, 1280])
@pytest.mark.parametrize("fragment", ["", CLASSES], ids=["squared", "classes"])
def test_nothing_is_wider_than_the_screen(open_page, width, fragment):
    shown = open_page(width, fragment)
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    # The plots have the width of their boxes.
    plots = "[...document.querySelectorAll('.plot:not([hidden])')]"
    assert shown.evaluate(f"{plots}.every((x) => x.firstElementChild.clientWidth > 250)")


def test_every_control_has_a_name_and_a_visible_focus(open_page):
    shown = open_page()
    controls = shown.query_selector_all("select, input, button, summary, [tabindex]")
    assert len(controls) >= 15
    tree = shown.locator("body").aria_snapshot()
    for label in (
        "learning rate",
        "batch size",
        "label noise",
        "scheme",
        "activation",
        "time shown",
    ):
        assert label in tree
    unnamed = [line for line in tree.splitlines()
               if line.strip() in ("- slider", "- combobox", "- button", "- checkbox")]  # fmt: skip
    assert unnamed == []
    shown.focus("#eta")
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.id") == "batch_size"
    style = "getComputedStyle(document.activeElement).outlineStyle"
    assert shown.evaluate(style) == "solid"


def test_the_command_is_copied_or_selected(open_page):
    shown = open_page()
    shown.click("[data-copies=command-integrate]")
    shown.wait_for_function(
        "document.querySelector('[data-copies=command-integrate]').textContent === 'copied'"
        " || getSelection().toString().startsWith('bntheory integrate')"
    )
