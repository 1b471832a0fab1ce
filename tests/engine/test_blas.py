"""One thread for products for a while, and as many as before after it."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from rnn_tui.engine.process.blas import single_blas_thread


def blas_threads() -> set[int]:
    assert np.ones(3).sum() == 3  # loads the library that computes NumPy's products
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def several_threads() -> Iterator[None]:
    """Two threads for products, however many cores there are."""
    with threadpool_limits(2, "blas"):
        if blas_threads() != {2}:
            pytest.skip("threadpoolctl knows no library here that computes NumPy's products")
        yield


def fail_in_single_thread() -> None:
    with single_blas_thread():
        assert blas_threads() == {1}
        raise ZeroDivisionError


def test_an_error_lifts_the_limit_too() -> None:
    with pytest.raises(ZeroDivisionError):
        fail_in_single_thread()
    assert blas_threads() == {2}


def test_two_users_leave_as_many_threads_as_there_were() -> None:
    first_ends = threading.Event()
    second_has_begun = threading.Event()

    def second() -> None:
        with single_blas_thread():
            second_has_begun.set()
            first_ends.wait(30)

    thread = threading.Thread(target=second)
    with single_blas_thread():
        thread.start()
        second_has_begun.wait(30)
        assert blas_threads() == {1}
    first_ends.set()
    thread.join()
    assert blas_threads() == {2}
    with single_blas_thread():
        assert blas_threads() == {1}
