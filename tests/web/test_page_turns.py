"""Pages train in turn: several real processes, and what each says of its place."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rnn_tui.archive import training
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.turns import Turn, processes_in_turn
from rnn_tui.engine.events import Control, Event, RunStopped, TurnAwaited, new_run_id
from rnn_tui.engine.page import STORE_VARIABLE, TRAININGS_VARIABLE, TURNS_VARIABLE
from rnn_tui.engine.state import RunState, Status
from tests.archive.kept_runs import small
from tests.web.page_process import PageProcess

F5, F7 = "\x1b[15~", "\x1b[18~"
TRAINS = r"[1-9][\d,]* seq"
LONG = 'preset = "best"\n'


@pytest.fixture
def turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which this process and its pages queue, one training at a time."""
    monkeypatch.setenv(TURNS_VARIABLE, str(tmp_path / "turns"))
    monkeypatch.setenv(TRAININGS_VARIABLE, "1")
    return tmp_path / "turns"


@pytest.fixture
def pages(tmp_path: Path, turns: Path) -> Iterator[Callable[[str], PageProcess]]:
    """Opens pages on the adder, which trains for longer than any test looks at it."""
    with ExitStack() as stack:

        def opened(name: str) -> PageProcess:
            (tmp_path / name).mkdir()
            (tmp_path / name / "config.toml").write_text(LONG, encoding="utf-8")
            page = stack.enter_context(PageProcess(store=tmp_path / name, turns=turns))
            page.wait_for("Home")
            page.press(F5)
            page.wait_for("Calculator")
            return page

        yield opened


@pytest.fixture
def ahead(turns: Path) -> Iterator[Turn]:
    """The turn of this process, which has it for as long as a test wants."""
    turn = Turn()
    assert turn.take(Control(), lambda _: None)
    yield turn
    turn.give_back()


@pytest.mark.long
def test_pages_train_in_turn_and_say_so(
    pages: Callable[[str], PageProcess], turns: Path, ahead: Turn
) -> None:
    first, second, third = pages("first"), pages("second"), pages("third")
    for before, page in enumerate((first, second, third), 1):
        page.press("t")
        page.wait_for(f"waits for its turn: {before} before it")
    assert processes_in_turn(turns) == {
        os.getpid(),
        first.process.pid,
        second.process.pid,
        third.process.pid,
    }
    ahead.give_back()
    first.wait_for(TRAINS)
    first.press("p")  # a pause gives the turn back
    second.wait_for(TRAINS)
    third.wait_for("waits for its turn: 1 before it")
    first.press("p")  # and going on asks for it again, behind the others
    first.wait_for("waits for its turn: 2 before it")
    second.process.kill()  # a dead process holds up nobody
    third.wait_for(TRAINS)
    first.wait_for("waits for its turn: 1 before it")
    third.press("s")
    first.wait_for(TRAINS)
    assert processes_in_turn(turns) == {first.process.pid}


@pytest.mark.long
def test_what_waits_can_be_stopped_or_ended_and_goes_on_later(
    pages: Callable[[str], PageProcess],
    turns: Path,
    ahead: Turn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = pages("page")
    page.press("t")
    page.wait_for("waits for its turn")
    page.press("s")
    page.wait_for("was stopped at step 0")
    assert processes_in_turn(turns) == {os.getpid()}
    page.press("t")
    page.wait_for("waits for its turn")
    page.tell(type="quit")
    page.wait_for_end()
    assert processes_in_turn(turns) == {os.getpid()}
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "page"))
    with RunStore() as store:
        assert [run.status for run in store.runs()] == [Status.INTERRUPTED, Status.STOPPED]


@pytest.mark.long
def test_the_rerun_of_the_report_waits_too(
    pages: Callable[[str], PageProcess], turns: Path, ahead: Turn
) -> None:
    page = pages("page")
    page.press(F7)
    page.wait_for("Claims")
    page.press("t")
    page.wait_for("waits for its turn: 1 before it")
    assert page.process.pid in processes_in_turn(turns)


def test_tickets_are_served_in_their_order(turns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []
    first, second, third = Turn(), Turn(), Turn()
    assert first.take(Control(), waiting.append)
    assert waiting == []
    stopping = Control()
    stopping.stop()
    assert not second.take(stopping, waiting.append)
    assert waiting == [1]
    monkeypatch.setenv(TRAININGS_VARIABLE, "2")
    assert second.take(Control(), waiting.append)
    assert not third.take(stopping, waiting.append)
    assert waiting == [1, 1]
    first.give_back()
    assert third.take(Control(), waiting.append)
    for turn in (second, third):
        turn.give_back()
    assert not processes_in_turn(turns)
    assert first.take(Control(), waiting.append)
    assert len(list(turns.glob("0*"))) == 1  # nothing is left of those who went


def test_without_a_queue_and_where_there_can_be_none_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    assert Turn().take(Control(), waiting.append)
    (tmp_path / "file").touch()
    monkeypatch.setenv(TURNS_VARIABLE, str(tmp_path / "file"))
    assert Turn().take(Control(), waiting.append)
    assert not waiting


def test_a_run_that_waits_tells_its_place_and_is_kept(turns: Path) -> None:
    ahead, control, events = Turn(), Control(), list[Event]()
    ahead.take(Control(), events.append)
    config, run_id = small(), new_run_id()

    def hear(event: Event) -> None:
        events.append(event)
        if isinstance(event, TurnAwaited):
            control.stop(interrupted=True)

    assert training.train(config, hear, control, run_id) is None
    assert [type(event) for event in events] == [TurnAwaited, RunStopped]
    assert RunState(run_id, config).apply(events[0]).before == 1
    ahead.give_back()
    with RunStore() as store:
        [run] = store.runs()
        assert run.status is Status.INTERRUPTED
    outcome = training.resume(run, events.append, Control())
    assert outcome is not None
    assert outcome.metrics
