"""Registers one of each kind of thing, a line each, and takes it away again after a test."""

from collections.abc import Iterator
from typing import Any

import pytest

from rnn_tui.archive.export.formats import FORMATS, ExportFormat
from rnn_tui.cli.commands import COMMANDS, Command
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist import MNIST
from tests.extension.toy_cell import MGUCell
from tests.extension.toy_metric import CONFIDENCE
from tests.extension.toy_task import MAJORITY


@pytest.fixture
def registered() -> Iterator[None]:
    mappings: list[dict[str, Any]] = [TASKS, CELLS, FORMATS]
    lists: list[list[Any]] = [MNIST.measures, COMMANDS]
    before = [dict(one) for one in mappings], [[*one] for one in lists]
    # The one line of each.
    TASKS["majority"] = MAJORITY
    CELLS["mgu"] = MGUCell()
    MNIST.measures.append(CONFIDENCE)
    COMMANDS.append(Command("count", "count the runs", "tests.extension.toy_command"))
    FORMATS["names"] = ExportFormat(
        "names", "a line a run", "tests.extension.toy_format:write_names", ".txt", to_stdout=True
    )
    yield
    for mapping, kept in zip(mappings, before[0], strict=True):
        mapping.clear()
        mapping.update(kept)
    for several, items in zip(lists, before[1], strict=True):
        several[:] = items
