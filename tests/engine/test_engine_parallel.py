"""Workers: results in order, nothing left running, PyTorch's threads given back."""

import threading
import time
from collections.abc import Callable

import pytest
import torch

from rnn_tui.engine.process.machine import usable_cores
from rnn_tui.engine.training.parallel import automatic_workers, cpu_workers


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("calls", [0, 1, 2, 7])
def test_results_come_in_the_order_of_the_calls(count: int, calls: int) -> None:
    def later(index: int) -> Callable[[], int]:
        def call() -> int:
            time.sleep(0.002 * (calls - index))
            return index

        return call

    with cpu_workers(count) as workers:
        assert workers.count == count
        assert workers.run([later(index) for index in range(calls)]) == list(range(calls))


def test_calls_run_side_by_side() -> None:
    meeting = threading.Barrier(3)
    with cpu_workers(3) as workers:
        arrived = workers.run([lambda: meeting.wait(30)] * 3)
    assert sorted(arrived) == [0, 1, 2]


def test_all_workers_take_part_in_many_calls() -> None:
    # The calls end in twos only: a thread that is left alone with the rest would wait in vain.
    meeting = threading.Barrier(2)
    with cpu_workers(2) as workers:
        assert len(workers.run([lambda: meeting.wait(30)] * 8)) == 8


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_exception_comes_after_all_calls_have_ended(failing: int) -> None:
    ended = []

    def call(index: int) -> None:
        if index == failing:
            raise ZeroDivisionError(index)
        time.sleep(0.05)
        ended.append(index)

    def make(index: int) -> Callable[[], None]:
        return lambda: call(index)

    with cpu_workers(3) as workers:
        with pytest.raises(ZeroDivisionError):
            workers.run([make(index) for index in range(3)])
        assert sorted(ended) == sorted({0, 1, 2} - {failing})
        # The workers outlive it.
        assert workers.run([lambda: 1, lambda: 2]) == [1, 2]


@pytest.mark.parametrize("fails", [False, True])
def test_pytorchs_number_of_threads_is_put_back(fails: bool) -> None:
    original = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        try:
            with cpu_workers(2):
                assert torch.get_num_threads() == 1
                if fails:
                    raise KeyError
        except KeyError:
            pass
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(original)


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    with cpu_workers(3) as workers:
        workers.run([lambda: None] * 3)
        assert threading.active_count() > before
    assert threading.active_count() == before


def test_automatic_number_fits_the_machine() -> None:
    assert 1 <= automatic_workers() <= max(1, usable_cores())
