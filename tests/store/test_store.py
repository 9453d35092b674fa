"""Sweeps of simulations and their store: seeds, extension, refusals, damage, failures, files."""

import csv
import json
import math

import bntheory as bn
import numpy as np
import pyarrow.parquet
import pytest
import xarray
from bntheory.cli.main import bntheory as command
from bntheory.experiments.sweeps.simulation import point_seed
from bntheory.results.named import identifier
from bntheory.store import engines, reading
from bntheory.store.access import writing
from bntheory.store.blocks import COMPLETE, FAILED, Chunk, Layout
from bntheory.store.engines import fill_in_threads
from bntheory.store.files import REPLACED
from bntheory.store.making import create
from bntheory.store.store import DamagedError, Store, attach
from click.testing import CliRunner

PROBLEM = bn.Problem(scheme="wn", noise=0.1)
ALL = "final-Q,final-R,final-L,final-error,eta-eff,time-to:0.19,plateau,diverged"
SMALL = {"simulate": True, "dim": 50, "runs": 5, "time": 3.0, "points": 61, "quantity": ALL}
LINE = ["--scheme", "wn", "--simulate", "--dim", "50", "--runs", "4", "--time", "1", "--quiet",
        "--quantity", "final-error"]  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(command, list(arguments), standalone_mode=False)


def same(one, other) -> bool:
    """Bit for bit, by name: as commands and stores have it, or as Python does."""

    def values(data, name):
        return data[name if name in data else identifier(name)]

    names = one.attrs["quantities"]
    return all(np.array_equal(values(one, n), values(other, n), equal_nan=True) for n in names)


def test_every_grid_point_is_a_simulation_that_can_be_repeated_alone():
    """By its own seed, and by definitions of the quantities that are written out here."""
    made = bn.sweep(PROBLEM, eta=[0.4, 1.2], batch_size=[1, 3], **SMALL)
    assert made["final_Q"].dims == ("eta", "batch_size", "run")
    for place in ((0, 0), (1, 1)):
        own = PROBLEM.replace(eta=made["eta"].values[place[0]],
                              batch_size=made["batch_size"].values[place[1]])  # fmt: skip
        runs = bn.simulate(own, dim=50, runs=5, time=3.0, points=61, seed=point_seed(own, 50, 0))
        for name in ("Q", "R", "L", "error"):
            np.testing.assert_array_equal(made[f"final_{name}"][place], runs.values[name][:, -1])
        rate = own.eta * runs.Q[:, -1] / runs.L[:, -1] ** 2
        assert made["eta_eff"].values[place] == pytest.approx(rate, rel=1e-14)
        for k in range(5):
            fell = np.flatnonzero(runs.error[k] <= 0.19)
            found = made["time_to_0_19"].values[place][k]
            if not fell.size:
                assert math.isnan(found)
            else:
                assert runs.t[max(fell[0] - 1, 0)] <= found <= runs.t[fell[0]]
        lowest = runs.error.min(axis=1)
        slow = made["plateau"].values[place]
        assert (np.isnan(slow) == (lowest > 0.9 * runs.error[:, 0])).all()


def test_grid_points_are_independent_of_one_another():
    """Correlation of 2000 runs at two rates: |r| < 4 / sqrt(2000), false alarm 6e-5."""
    numbers = {"simulate": True, "dim": 10, "runs": 2000, "time": 1.0, "quantity": "final-R"}
    made = bn.sweep(PROBLEM, eta=[0.5, 0.51], **numbers)["final_R"].values
    assert abs(np.corrcoef(made)[0, 1]) < 4 / math.sqrt(2000)


def test_dim_and_seed_are_ranges_too_and_a_flow_is_the_limit():
    """Means of 200 runs at N = 2000: within 4.5 standard errors and 5/N of the flow (6e-6 each)."""
    numbers = {"dim": [500, 2000], "seed": [0, 2**60 + 1], "time": 2.0, "runs": 200}
    made = bn.sweep(PROBLEM, simulate=True, quantity="final-R", **numbers)
    assert made["seed"].values.tolist() == [0, 2**60 + 1]
    assert dict(made["final_R"].sizes) == {"dim": 2, "seed": 2, "run": 200}
    view = bn.Sweep(made)
    flow = bn.integrate(PROBLEM, times=[2.0]).R[0]
    allowed = 4.5 * view["final-R_sem"][1] + 5 / 2000
    assert (np.abs(view["final-R"][1] - flow) < allowed).all()
    assert not np.array_equal(made["final_R"][0, 0], made["final_R"][0, 1])


def test_a_schedule_has_its_last_rate():
    problem = bn.Problem(scheme="wn", eta="1/(1+t)")
    numbers = {"simulate": True, "dim": 50, "runs": 2, "time": 3.0}
    made = bn.sweep(problem, quantity="eta-eff,final-Q,final-L", noise=[0.1], **numbers)
    rate = 0.25 * made["final_Q"] / made["final_L"] ** 2
    assert made["eta_eff"].values == pytest.approx(rate.values, rel=1e-12)


def test_store_memory_and_workers_give_the_same_bits(tmp_path):
    rates = [0.3, 0.6, 0.9]
    here = bn.sweep(PROBLEM, eta=rates, workers=1, **SMALL)
    kept = bn.sweep(PROBLEM, eta=rates, workers=2, store=tmp_path / "s", **SMALL)
    assert same(here, kept)
    opened = xarray.open_zarr(tmp_path / "s", chunks=None)
    assert opened["final-R"].dims == ("eta", "run")
    assert opened["final-R"].attrs["units"] == "1"
    assert opened["time-to:0.19"].attrs["units"] == "steps / N"
    assert bn.Problem.from_json(opened.attrs["problem"]) == PROBLEM
    assert {"seed", "dim", "bntheory_version", "numpy_version"} <= opened.attrs.keys()


def test_flows_are_kept_by_chunk_and_extended(tmp_path, monkeypatch):
    monkeypatch.setattr("bntheory.experiments.sweeps.sweep.CHUNK", 64)
    grid = {"zeta": np.linspace(0, 0.5, 6), "time": 5.0}
    problem = bn.Problem(scheme="pn")
    whole = bn.sweep(problem, eta=np.geomspace(0.1, 3, 30), **grid)
    bn.sweep(problem, eta=np.geomspace(0.1, 3, 30)[::3], store=tmp_path / "s", **grid)
    made = bn.sweep(problem, eta=np.geomspace(0.1, 3, 30), store=tmp_path / "s", mode="extend",
                    **grid)  # fmt: skip
    assert same(whole, made)
    assert len(list((tmp_path / "s" / "final-R" / "c").rglob("*"))) > 3


def test_more_values_and_runs_reuse_what_is_there(tmp_path, monkeypatch):
    bn.sweep(PROBLEM, eta=[0.6, 1.2], store=tmp_path / "s", **SMALL)
    more = {**SMALL, "runs": 8}
    expected = bn.sweep(PROBLEM, eta=[0.3, 0.6, 0.9, 1.2], **more)
    done = []
    real = bn.experiments.sweeps.work.simulate_point

    def counted(problem, simulation, time, which, *others):
        done.extend((problem.eta, k) for k in which)
        return real(problem, simulation, time, which, *others)

    monkeypatch.setattr(bn.experiments.sweeps.work, "simulate_point", counted)
    made = bn.sweep(PROBLEM, eta=[0.3, 0.9], store=tmp_path / "s", mode="extend", **more)
    assert made["eta"].values.tolist() == [0.3, 0.6, 0.9, 1.2]
    assert same(expected, made)
    assert len(done) == len(set(done)) == 4 * 8 - 2 * 5
    assert not [rate for rate, k in done if rate in (0.6, 1.2) and k < 5]


@pytest.mark.parametrize(("changed", "said"), [
    ({"seed": 1}, "seed: 0 in the store, 1 asked"),
    ({"dim": 60}, "dim: 50 in the store, 60 asked"),
    ({"problem": PROBLEM.replace(noise=0.2)}, "problem.noise: 0.1 in the store, 0.2 asked"),
    ({"eta": [0.5, 2.0]}, "eta: 0.5, 1 in the store, 0.5, 2 asked"),
    ({"runs": 6}, "run: 0 ... 4 (5 values) in the store, 0 ... 5 (6 values) asked"),
    ({"zeta": [0.0]}, "grid: over eta, run in the store, eta, zeta, run asked"),
    ({"quantity": "final-R"}, "quantities: "),
])  # fmt: skip
def test_another_computation_is_refused_with_the_differences(tmp_path, changed, said):
    grid = {"problem": PROBLEM, "eta": [0.5, 1.0], "store": tmp_path / "s", **SMALL}
    first = bn.sweep(**grid).load()
    with pytest.raises(ValueError, match="made by another computation") as refused:
        bn.sweep(**grid | changed)
    assert said in str(refused.value)
    assert "--force-new" in str(refused.value)
    assert same(first, bn.sweep(**grid))
    bn.sweep(**grid | changed, mode="new")
    with pytest.raises(ValueError, match="made by another computation"):
        bn.sweep(**grid)


def test_another_version_is_refused(tmp_path, monkeypatch):
    arguments = {"eta": [0.5], "store": tmp_path / "s", **SMALL}
    bn.sweep(PROBLEM, **arguments)
    monkeypatch.setattr("bntheory.experiments.sweeps.sweep.package_version", lambda: "9.9")
    with pytest.raises(ValueError, match=r"versions.bntheory: '.*' in the store, '9.9' asked"):
        bn.sweep(PROBLEM, **arguments)


def test_nothing_but_a_store_is_ever_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    (tmp_path / "file").write_text("more of it")
    for name in ("mine", "file", "missing/s"):
        with pytest.raises(ValueError, match="store="):
            bn.sweep(PROBLEM, eta=[0.5], store=tmp_path / name, mode="new", **SMALL)
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years of work"
    with pytest.raises(ValueError, match="a value twice"):
        bn.sweep(PROBLEM, eta=[0.5, 0.5], store=tmp_path / "s", **SMALL)
    with pytest.raises(ValueError, match="mode='append'"):
        bn.sweep(PROBLEM, eta=[0.5], store=tmp_path / "s", mode="append", **SMALL)


LAYOUT = Layout({"eta": np.arange(4.0), "run": np.arange(4)}, ("a", "b"), (2, 4), {"x": 1},
                {"problem": PROBLEM.to_json(), "quantities": ["a", "b"]})  # fmt: skip


def full_store(path) -> Store:
    store = create(path, LAYOUT)
    assert store is not None
    for place, block in enumerate(LAYOUT.blocks()):
        chunk = Chunk.empty((2, 4), LAYOUT.variables)
        chunk.values["a"][:], chunk.values["b"][:] = place, np.nan  # nothing but fill values
        chunk.status[:] = COMPLETE
        store.write(block, chunk)
    return store


PIECES = ["a/c/0/0", "b/c/0/0", "status/c/0/0"]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("harm", ["flip", "tear", "empty", "remove"])
def test_every_damage_of_a_chunk_is_found_and_it_alone_is_forgotten(tmp_path, piece, harm):
    store = full_store(tmp_path / "s")
    pieces = {name: (tmp_path / "s" / name).read_bytes() for name in PIECES}
    path, whole = tmp_path / "s" / piece, pieces[piece]
    first, second = LAYOUT.blocks()
    for byte in range(len(whole)) if harm == "flip" else (0,):
        flipped = whole[:byte] + bytes([whole[byte] ^ 1]) + whole[byte + 1 :]
        if harm == "remove":
            path.unlink()
        else:
            path.write_bytes({"flip": flipped, "tear": whole[:-3], "empty": b""}[harm])
        said = []
        if harm == "remove" and piece.startswith("status"):
            assert not store.read(first).status.any()  # a chunk that never was, as far as one sees
        else:
            with pytest.raises(DamagedError):
                store.read(first)
            assert not store.verified(first, said.append).any()
            assert len(said) == 1
            assert "eta 0..1, run 0..3" in said[0]
        assert store.verified(second, said.append).all()
        for name, data in pieces.items():
            (tmp_path / "s" / name).write_bytes(data)
        assert store.verified(first, pytest.fail).all()


def test_a_damaged_description_or_axis_is_written_again(tmp_path, caplog):
    full_store(tmp_path / "s")
    for name in ("a/zarr.json", "eta/c/0"):
        (tmp_path / "s" / name).write_bytes(b"gone")
    with writing(tmp_path / "s", LAYOUT) as store:
        assert all(store.verified(block, pytest.fail).all() for block in LAYOUT.blocks())
    assert sum("written again" in text for text in caplog.messages) == 2
    (tmp_path / "s" / "zarr.json").write_bytes(b"gone")
    with (
        pytest.raises(ValueError, match="cannot be read as a store"),
        writing(tmp_path / "s", LAYOUT),
    ):
        pass


def test_a_replacement_that_was_cut_off_is_undone(tmp_path):
    full_store(tmp_path / "s")
    (tmp_path / "s").rename(tmp_path / f"s{REPLACED}")
    (tmp_path / "s.new-x").mkdir()
    with writing(tmp_path / "s", LAYOUT) as store:
        assert store.read(next(LAYOUT.blocks())).status.all()
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_growing_or_damaged_store_can_be_read(tmp_path, caplog):
    full_store(tmp_path / "s")
    (tmp_path / "s" / "status" / "c" / "1" / "0").unlink()
    found = reading.load(tmp_path / "s")
    assert (found["status"].values == [[1] * 4] * 2 + [[0] * 4] * 2).all()
    (tmp_path / "s" / "a" / "c" / "0" / "0").write_bytes(b"")
    assert not reading.load(tmp_path / "s")["status"].values.any()
    assert any("damaged" in text for text in caplog.messages)


class Counting:
    """Work that keeps count of the tasks that exist at a time."""

    def __init__(self):
        self.most = 0

    def warm(self):
        pass

    def compute(self, chunk, axes, todo, stopped, progress=None):
        chunk.status[:] = COMPLETE


def test_tasks_are_made_as_others_end(monkeypatch):
    """A table of a million chunks: no more than a few of them exist at any time."""

    class Endless:
        layout = Layout({"eta": np.arange(1e6)}, ("a",), (1,))
        asked = written = ahead = 0

        def verified(self, block, notice):
            self.asked += 1
            self.ahead = max(self.ahead, self.asked - 2 * self.written)
            if self.written > 300:
                raise KeyboardInterrupt
            return np.zeros(1, dtype=np.uint8)

        def write(self, block, chunk):
            self.written += 1

    table = Endless()
    with pytest.raises(KeyboardInterrupt):
        fill_in_threads(table, Counting(), workers=2)
    assert table.ahead <= 3 * engines.AHEAD * 2


def test_failed_points_are_listed_and_the_rest_is_unharmed(tmp_path):
    """A vector of 1e14 numbers finds no memory; the point beside it is what it is alone."""
    store = str(tmp_path / "s")
    line = [*LINE, "--engine", "vectors", "--store", store, "--json", "--force"]
    line.remove("--dim"), line.remove("50")
    made = run("sweep", *line, "--dim", "20,100000000000000")
    assert made.return_value == 3
    table = json.loads(made.stdout)
    (failed,) = table["failed"]
    assert failed["dim"] == 10**14
    assert failed["runs"] == 4
    assert "MemoryError" in failed["message"]
    alone = json.loads(run("sweep", *LINE[:4], "20", *LINE[5:], "--engine", "vectors",
                           "--json").stdout)  # fmt: skip
    assert table["rows"][0]["final-error"] == alone["rows"][0]["final-error"]
    assert table["rows"][1]["final-error"] is None
    loud = [word for word in line if word not in ("--quiet", "--json")]
    again = run("sweep", *loud, "--dim", "20,100000000000000")
    assert again.return_value == 3
    assert "failed at dim = 1e+14: MemoryError" in again.stderr
    assert run("show", store).return_value == 3
    assert (attach(store).status((slice(0, 2), slice(0, 4)))[1] == FAILED).all()


def test_show_and_export_hold_what_the_sweep_made(tmp_path):
    store = str(tmp_path / "s")
    line = ["sweep", *LINE, "--eta", "0.5,1,2", "--store", store, "--json"]
    table = json.loads(run(*line).stdout)
    assert table["store"] == store
    shown = json.loads(run("show", store, "--json", "--output", f"{store}.png",
                           "--output", f"{store}.nc").stdout)  # fmt: skip
    assert shown["rows"] == table["rows"]
    assert (tmp_path / "s.png").stat().st_size > 5000
    text = run("show", store).stdout
    assert "12 of 12 entries are complete, 0 failed" in text
    for name in ("out.csv", "out.parquet"):
        assert run("export", store, str(tmp_path / name)).exit_code == 0
    data = xarray.open_zarr(store, chunks=None)
    with (tmp_path / "out.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert len({(row["eta"], row["run"]) for row in rows}) == 12
    assert [float(row["final-error"]) for row in rows] == data[
        "final-error"
    ].values.ravel().tolist()
    parquet = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    assert parquet["final-error"].to_pylist() == data["final-error"].values.ravel().tolist()
    with xarray.open_dataset(tmp_path / "s.nc") as saved:
        assert saved["final_error"].values.tolist() == data["final-error"].values.tolist()


def test_missing_extras_are_named_kindly(tmp_path, monkeypatch):
    store = str(tmp_path / "s")
    assert run("sweep", *LINE, "--eta", "0.5,1", "--store", store).return_value is None
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    for line, extra in (
        (["export", store, str(tmp_path / "x.parquet")], "bntheory[parquet]"),
        (["sweep", *LINE, "--eta", "0.5,2", "--extend", "--store", store, "--dask", "local"],
         "bntheory[dask]"),
    ):  # fmt: skip
        made = CliRunner().invoke(command, line)
        assert made.exit_code == 2
        assert extra in made.output
    assert not (tmp_path / "x.parquet").exists()


@pytest.mark.parametrize("arguments", [
    ("sweep", "--dim", "100"), ("sweep", "--simulate", "--quantity", "eta-max"),
    ("sweep", "--simulate", "--dim", "2.5"), ("sweep", "--simulate", "--dim", "1,2"),
    ("sweep", "--simulate", "--engine", "x"), ("sweep", "--simulate", "--seed", "-1"),
    ("sweep", "--simulate", "--inputs", "laplace"), ("sweep", "--extend"),
    ("sweep", "--dask", "local"), ("sweep", "--engine-workers", "0"),
    ("sweep", "--simulate", "--runs", "0"), ("show", "nowhere"), ("export", "nowhere", "x.csv"),
    ("sweep", "--store", "s", "--extend", "--force-new"), ("show", "/"),
])  # fmt: skip
def test_bad_options_end_with_exit_2_and_one_message(arguments):
    made = CliRunner().invoke(command, list(arguments))
    assert made.exit_code == 2
    assert "Traceback" not in made.output
    assert made.output.count("Error") == 1
