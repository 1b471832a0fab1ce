"""The run that a test has made."""

from collections.abc import Callable

import pytest

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore


@pytest.fixture
def only() -> Callable[[], RunRecord]:
    def find() -> RunRecord:
        with RunStore() as store:
            (run,) = store.runs()
        return run

    return find
