"""For all tests on a GPU."""

import pytest


@pytest.fixture(autouse=True)
def few_drawings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing as many pictures as preset `photos` trains with would take half a minute."""
    # torch, after tests/conftest.py has set its threads
    from rnn_tui.tasks.mnist import problem  # noqa: PLC0415

    monkeypatch.setattr(problem, "DRAWN", 100)
