"""The columns of the table of runs, at every width."""

from pathlib import Path

from rnn_tui.archive.store import RunStore
from rnn_tui.ui.runs.table import ALL_RUNS, COLUMNS
from tests.archive.kept_runs import small, train

ALWAYS = {"name", "status", "test"}
PADDING = 2


def test_columns_that_fit_are_shown_and_figures_are_shortened_not_cut(home: Path) -> None:
    train(small(seeds=3))
    with RunStore() as store:
        runs = store.runs()
    listing = ALL_RUNS.of(runs)
    least = sum(width + PADDING for _, width in listing.fitting(0))
    assert {column.key for column, _ in listing.fitting(0)} == ALWAYS
    shown_before = 0
    for room in range(least, 250):
        fitting = listing.fitting(room)
        assert sum(width + PADDING for _, width in fitting) <= room
        assert all(len(column.cell(runs[0])) <= width for column, width in fitting)
        assert len(fitting) >= shown_before  # no column goes as the table grows
        shown_before = len(fitting)
    assert [column for column, _ in listing.fitting(250)] == list(COLUMNS)
    [short] = [column for column, _ in listing.fitting(least) if column.key == "test"]
    assert "…" in short.cell(runs[0])
    [whole] = [column for column, _ in listing.fitting(250) if column.key == "test"]
    assert whole.cell(runs[0]).count("±") == 2
