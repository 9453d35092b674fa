"""What is said of bad input: no word of Python, one name of an option, a suggestion where near."""

import json
import re

import numpy as np
import pytest
from command import SHORT, call

PYTHON = re.compile(r"\b(None|True|False|dict|tuple|NoneType|Traceback|KeyError|TypeError)\b"
                    r"|allow_pickle|\[Errno|<U1|complex128|not an? (int|str)|base 10")  # fmt: skip

VECTORS = ["simulate", *SHORT, "--engine", "vectors", "--inputs"]
#: Arguments ({d} is a folder with the files below), and what the message says.
SAID = [
    (["integrate", "--problem", "{d}/null.json"], "names and values, not nothing"),
    (["integrate", "--problem", "{d}/text.json"], "names and values, not a text"),
    (["integrate", "--problem", "{d}/list.json"], "names and values, not a list"),
    (["integrate", "--problem", "{d}/eta.json"], "--eta=null: a finite number above 0"),
    (["integrate", "--problem", "{d}/flag.json"], "--eta=true: a finite number above 0"),
    (["integrate", "--problem", "{d}/table.json"], '--scheme={"a": 1}: a name or a formula'),
    (["integrate", "--problem", "{d}/own.toml"], "--set c='x': a finite number"),
    (["integrate", "--problem", "{d}/start.json"], "--start=null: for gamma 2 finite numbers"),
    (["integrate", "--nesterov"], "--nesterov=true: accepted with a momentum"),
    (["integrate", "--activation", "h if h else 0"], "'h if h else 0' is not part of a formula"),
    (["integrate", "--activation", "h//2"], "'//' is not part of a formula"),
    (["integrate", "--activation", "h.real"], "'h.real' is not part of a formula"),
    (["integrate", "--noise-law", "studentt:2"], "(did you mean 'student-t:2'?)"),
    (["integrate", "--noise-law", "student-t"], "(did you mean 'student-t:NU'?)"),
    (["integrate", "--loss", "hubber:1.5"], "(did you mean 'huber:1.5'?)"),
    (["integrate", "--loss", "squard"], "(did you mean 'squared'?)"),
    (["integrate", "--labels", "bernouli:2"], "(did you mean 'bernoulli:2'?)"),
    (["integrate", "--activation", "LeakyRelo"], "(did you mean 'leaky-relu'?)"),
    (["integrate", "--output", ""], "--output='': a file ending in"),
    ([*VECTORS, "studentt:5"], "(did you mean 'student-t:5'?)"),
    ([*VECTORS, "{d}/objects.npy"], "damaged, or holds other things than numbers"),
    ([*VECTORS, "{d}/texts.npy"], "holds other things than real numbers"),
    ([*VECTORS, "{d}/none.npy"], "No such file or directory; a .npy of numbers"),
    (["compare", "--alpha", "0"], "--level=0.0: a finite number above 0"),
    (["compare", "--picture", "foo"], "--picture='foo': one of time, scatter or permutations"),
    (["fixed-points", "--follow", "zeta:0:x"], "--follow='zeta:0:x': NAME:START:STOP"),
    (["sweep", "--best", "eta", "--zeta=0:1:9", "--noise=0:1:9", "--output", "x.png"],
     "--output='a picture': it shows one range"),
    (["generalization", "--start", "foo"], "--initial-weights='foo': xty or random is accepted"),
]  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    start = {"gamma": None, "A": None, "C": None}
    texts = {"null": None, "text": "x", "list": [1], "eta": {"eta": None}, "flag": {"eta": True},
             "table": {"scheme": {"a": 1}}, "start": {"units": 2, "start": start}}  # fmt: skip
    for name, value in texts.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    (folder / "own.toml").write_text('activation = "tanh(c*h)"\n[parameters]\nc = "x"\n')
    np.save(folder / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(folder / "texts.npy", np.array(["a", "b"]))
    return folder


@pytest.mark.parametrize(
    ("arguments", "said"),
    SAID,
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)
def test_a_message_has_no_word_of_python(arguments, said, files, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "1000")
    status = call(monkeypatch, *(word.replace("{d}", str(files)) for word in arguments))
    shown = capsys.readouterr()
    assert (status, shown.out) == (2, "")
    told = " ".join(re.sub(r"[│╭╮╰╯─]", " ", shown.err).split())
    assert said in told
    assert not PYTHON.search(told.replace(str(files), "")), told
