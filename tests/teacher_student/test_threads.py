"""Runs in threads: their order, a fault in one, Ctrl-C, and how many wait."""

import time

import pytest
from bntheory.teacher_student.threads import AHEAD, in_threads


def test_results_are_in_the_order_of_the_items_and_each_is_counted():
    counted = []

    def one(item, stopped):
        time.sleep(0.02 * (3 - item))  # the last is done first
        return item

    found = in_threads(one, [1, 2, 3], 3, lambda *done: counted.append(done))
    assert found == ([1, 2, 3], True)
    assert counted == [(1, 3), (2, 3), (3, 3)]
    assert in_threads(one, [], 3) == ([], True)


def test_ctrl_c_keeps_what_is_finished_and_stops_the_rest():
    stopped_while_at_it = []

    def one(item, stopped):
        while item > 1 and not stopped():
            time.sleep(0.001)
        if item > 1:
            stopped_while_at_it.append(item)
            return None
        return item

    def interrupt(done, total):
        if done == 2:
            raise KeyboardInterrupt

    assert in_threads(one, range(50), 2, interrupt) == ([0, 1], False)
    assert 1 <= len(stopped_while_at_it) <= 2  # one a thread; the others never began


def test_a_fault_is_raised():
    with pytest.raises(ZeroDivisionError):
        in_threads(lambda item, stopped: 1 / item, [1, 0, 2], 2)


def test_few_items_wait_for_a_thread():
    ahead, done = [0], []

    class Items(list):
        def __iter__(self):
            for taken, item in enumerate(list.__iter__(self), start=1):
                ahead.append(taken - len(done))
                yield item

    in_threads(lambda item, stopped: done.append(item), Items(range(500)), 2)
    assert max(ahead) <= AHEAD * 2
