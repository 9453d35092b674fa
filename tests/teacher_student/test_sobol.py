"""Scrambled points are the same in threads as alone, also where none was made before."""

import subprocess
import sys

THREADS = """
from concurrent.futures import ThreadPoolExecutor
from bntheory.teacher_student.sobol import sobol_points

with ThreadPoolExecutor(16) as pool:
    found = list(pool.map(lambda seed: sobol_points(9, seed, 1024), range(16)))
for seed, points in enumerate(found):
    assert (points == sobol_points(9, seed, 1024)).all(), seed
    # A scrambled net of 2^10 points: every half of every coordinate has half of them.
    assert ((points < 0.5).sum(axis=0) == 512).all(), seed
"""


def test_threads_that_come_first_get_the_points_of_later_ones():
    subprocess.run([sys.executable, "-c", THREADS], check=True)
