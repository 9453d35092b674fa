"""Sweeps killed, starved of disk, or bereft of a worker: the table is that of an unbroken one."""

import os
import random
import resource
import signal
import subprocess
import sys
import time

import bntheory as bn
import numpy as np
import psutil
import pytest
from bntheory.results.named import identifier
from bntheory.store.reading import load

QUANTITIES = ("final-error", "final-R", "time-to:0.19")
PATIENCE = 120.0
#: The command, with chunks small enough for a test to have many of them.
ENTRY = [sys.executable, "-c", "from bntheory.cli.main import main\n"
         "from bntheory.experiments.sweeps import sweep\n"
         "sweep.LEAST_SECONDS = 0.05\nmain()"]  # fmt: skip


def run_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*ENTRY, *arguments], capture_output=True, text=True, timeout=PATIENCE)


class Job:
    """A sweep as a command line and as a call."""

    def __init__(self, store, dim=2000, runs=24, rates=(0.25, 0.5, 1.0, 2.0)):
        self.store, self.dim, self.runs, self.rates = store, dim, runs, rates

    def command(self, *more: str) -> list[str]:
        return ["sweep", "--scheme", "wn", "--simulate", "--eta", ",".join(map(str, self.rates)),
                "--dim", str(self.dim), "--runs", str(self.runs), "--time", "20",
                "--quantity", ",".join(QUANTITIES), "--store", str(self.store), *more]  # fmt: skip

    def unbroken(self):
        """The table of one go, in memory: no store has a part in it."""
        return bn.sweep(bn.Problem(scheme="wn"), eta=self.rates, dim=self.dim, runs=self.runs,
                        time=20.0, quantity=QUANTITIES, simulate=True, workers=1)  # fmt: skip

    def start(self, *more: str) -> subprocess.Popen:
        return subprocess.Popen(
            [*ENTRY, *self.command(*more)], start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            # A shell's background job, which CI may be, is born deaf to Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )  # fmt: skip

    def pieces(self) -> dict[str, int]:
        """When every finished chunk was written."""
        found = {}
        for path in (self.store / "status" / "c").rglob("*"):
            if path.is_file() and not path.name.endswith(".partial"):
                found[str(path)] = path.stat().st_mtime_ns
        return found

    def wait_for_chunks(self, process: subprocess.Popen, more: int) -> None:
        """Wait until so many more chunks are there, or the process has ended."""
        before, began = len(self.pieces()), time.monotonic()
        while len(self.pieces()) < before + more and process.poll() is None:
            assert time.monotonic() - began < PATIENCE
            time.sleep(0.01)


def assert_identical(store, expected) -> None:
    """Bit for bit, every entry there, once."""
    found = load(store)
    assert found.sizes == expected.sizes
    assert (found["status"].values == 1).all()
    for name in QUANTITIES:
        np.testing.assert_array_equal(found[name].values, expected[identifier(name)].values)


def kill_at_random(job: Job, expected, kills: int, seed: int) -> None:
    """Kill the whole process group so many times; finished chunks stay as they are."""
    choose = random.Random(seed)
    done = 0
    while done < kills:
        before = job.pieces()
        process = job.start("--engine-workers", "2")
        if done % 2:
            time.sleep(choose.uniform(0.0, 3.0))  # anywhere, its start included
        else:
            job.wait_for_chunks(process, 1)
            time.sleep(choose.uniform(0.0, 0.2))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            done += 1
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode in (0, -signal.SIGKILL), said
        after = job.pieces()
        assert {path: after[path] for path in before} == before  # nothing was done twice
        if process.returncode == 0:  # it was quicker than the kills: check, and begin anew
            assert_identical(job.store, expected)
            subprocess.run(["rm", "-r", str(job.store)], check=True)


def damage(job: Job, count: int) -> None:
    """Flip a bit of one piece, tear another."""
    pieces = sorted((job.store / "final-R" / "c").rglob("*"))
    pieces = [path for path in pieces if path.is_file()][:count]
    for k, path in enumerate(pieces):
        whole = path.read_bytes()
        torn = whole[: len(whole) // 2]
        path.write_bytes(torn if k % 2 else bytes([whole[0] ^ 1]) + whole[1:])


def starve(job: Job) -> subprocess.CompletedProcess:
    """Run with files limited to less than a chunk, as on a full disk."""
    return subprocess.run(
        [*ENTRY, *job.command()], capture_output=True, text=True, timeout=PATIENCE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64)),
    )  # fmt: skip


def lose_chunks(job: Job, count: int) -> None:
    for path in list(job.pieces())[:count]:
        os.unlink(path)


def assert_starving_loses_nothing(job: Job, expected) -> None:
    lose_chunks(job, 2)
    before = job.pieces()
    ended = starve(job)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert len([line for line in ended.stderr.splitlines() if "Error" in line]) == 1
    assert job.pieces() == before
    assert run_command(*job.command("--quiet")).returncode == 0
    assert_identical(job.store, expected)


def assert_damage_is_found(job: Job, expected) -> None:
    damage(job, 2)
    ended = run_command(*job.command())
    assert ended.returncode == 0
    assert ended.stderr.count("a damaged chunk is computed again") == 2
    assert_identical(job.store, expected)


def test_kills_a_full_disk_and_damage_change_nothing(tmp_path):
    job = Job(tmp_path / "store")
    expected = job.unbroken()
    kill_at_random(job, expected, kills=3, seed=1)
    assert run_command(*job.command("--engine-workers", "1")).returncode == 0
    assert_identical(job.store, expected)
    assert_starving_loses_nothing(job, expected)
    assert_damage_is_found(job, expected)
    assert not list(job.store.rglob("*.partial"))


@pytest.mark.slow
def test_thirty_kills_a_full_disk_damage_and_a_lost_worker(tmp_path):
    job = Job(tmp_path / "store", dim=5000, runs=128)
    expected = job.unbroken()
    kill_at_random(job, expected, kills=30, seed=2)
    ended = run_dask(job, kill=True)
    assert ended.returncode == 0, ended.stderr
    assert_identical(job.store, expected)
    assert_starving_loses_nothing(job, expected)
    assert_damage_is_found(job, expected)


def run_dask(job: Job, kill: bool) -> subprocess.CompletedProcess:
    """Three local workers; look at what listens, and kill one of them while it works."""
    process = job.start("--dask", "local", "--engine-workers", "3")
    job.wait_for_chunks(process, 1)
    if process.poll() is None:
        main = psutil.Process(process.pid)
        workers = [
            p for p in main.children(recursive=True) if "spawn_main" in " ".join(p.cmdline())
        ]
        assert len(workers) == 3
        for one in (main, *workers):
            for socket in one.net_connections(kind="inet"):
                if socket.status == psutil.CONN_LISTEN:
                    assert socket.laddr.ip == "127.0.0.1"
        if kill:
            workers[0].send_signal(signal.SIGKILL)
    out, said = process.communicate(timeout=PATIENCE)
    return subprocess.CompletedProcess(process.args, process.returncode, out, said)


def test_a_lost_dask_worker_changes_nothing(tmp_path):
    """Loopback only; one of three workers is killed at work."""
    job = Job(tmp_path / "store", dim=4000, runs=64)
    ended = run_dask(job, kill=True)
    assert ended.returncode == 0, ended.stderr
    assert "again" in ended.stderr
    assert_identical(job.store, job.unbroken())


def test_ctrl_c_ends_with_130_and_the_same_command_goes_on(tmp_path):
    job = Job(tmp_path / "store")
    process = job.start("--engine-workers", "2")
    job.wait_for_chunks(process, 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in said
    kept = job.pieces()
    assert len(kept) >= 2
    assert run_command(*job.command("--quiet")).returncode == 0
    assert {path: job.pieces()[path] for path in kept} == kept
    assert_identical(job.store, job.unbroken())


@pytest.mark.slow
def test_ctrl_c_at_a_terminal_reaches_dask_workers_and_says_one_word(tmp_path):
    job = Job(tmp_path / "store", dim=4000, runs=64)
    process = job.start("--dask", "local", "--engine-workers", "2")
    job.wait_for_chunks(process, 1)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.splitlines()[-1] == "interrupted"


EXTERNAL = """
import sys
import bntheory as bn
from distributed import Client, LocalCluster

if __name__ == "__main__":
    arguments = dict(eta=[0.2, 0.5, 1.0], dim=500, runs=8, time=2.0, simulate=True)
    problem = bn.Problem(scheme="wn")
    expected = bn.sweep(problem, **arguments)
    with LocalCluster(n_workers=2, threads_per_worker=2, host="127.0.0.1",
                      dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        with Client(cluster) as client:
            first = bn.sweep(problem, store=sys.argv[1], dask=address, **arguments)
            assert client.status == "running"
        other = bn.sweep(problem, store=sys.argv[2], dask=address, **arguments)
    assert all(expected[name].equals(first[name]) for name in ("final_R", "final_error"))
    assert all(expected[name].equals(other[name]) for name in ("final_R", "final_error"))
    try:
        bn.sweep(problem, store=sys.argv[3], dask="tcp://127.0.0.1:1", **arguments)
    except ValueError as error:
        print(error)
"""


@pytest.mark.slow
def test_a_scheduler_by_its_address(tmp_path):
    """With a client that is there already, with one of its own, and where nobody answers."""
    (tmp_path / "script.py").write_text(EXTERNAL)
    stores = [str(tmp_path / name) for name in "abc"]
    made = subprocess.run([sys.executable, tmp_path / "script.py", *stores], capture_output=True,
                          text=True, timeout=PATIENCE)  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("dask='tcp://127.0.0.1:1': no scheduler answers there")


def test_a_store_in_use_is_refused(tmp_path):
    job = Job(tmp_path / "store", dim=20_000, runs=200)  # minutes: it is killed
    process = job.start("--engine-workers", "1")
    job.wait_for_chunks(process, 1)
    ended = run_command(*job.command("--quiet"))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    assert ended.returncode == 2
    assert "another process" in ended.stderr
