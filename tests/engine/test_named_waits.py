"""Waits say what they wait for, have a limit, and are logged when they are long."""

import asyncio
import logging
import threading
import time

import pytest

from rnn_tui.engine import awaits, waits
from rnn_tui.engine.awaits import LoopWatch, awaiting

pytestmark = pytest.mark.usefixtures("short")
SHORT = 0.05


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call a wait long after an instant."""
    monkeypatch.setattr(waits, "SECONDS_LONG", SHORT)
    monkeypatch.setattr(awaits, "SECONDS_LONG", SHORT)
    monkeypatch.setattr(awaits, "SECONDS_BETWEEN_LOOKS", SHORT)


@pytest.fixture(autouse=True)
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What is logged."""
    caplog.set_level(logging.INFO)
    return caplog


def test_a_long_wait_for_a_lock_says_who_holds_it(logged: pytest.LogCaptureFixture) -> None:
    lock = waits.Lock("the list")
    taken = threading.Event()
    told = threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            waits.wait(told.wait, "the test", 30)

    holder = threading.Thread(target=hold, name="holder")
    holder.start()
    assert taken.wait(30)

    class Tells(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "has waited" in record.getMessage() and "the list" in record.getMessage():
                told.set()

    handler = Tells()
    waits.logger.addHandler(handler)
    try:
        with lock:
            pass
    finally:
        waits.logger.removeHandler(handler)
    holder.join(30)
    lines = [line for line in logged.messages if "the lock of the list" in line]
    assert "for the lock of the list in MainThread, held by holder" in lines[0]
    assert lines[-1].startswith("waited ")
    assert not waits.going_on()


def test_a_wait_ends_at_its_limit(logged: pytest.LogCaptureFixture) -> None:
    never = threading.Event()
    assert not waits.wait(never.wait, "what never comes", 2 * SHORT)
    assert not waits.poll(never.is_set, "what never comes", SHORT, every=0.001)
    assert any("what never comes" in line for line in logged.messages)


def test_a_wait_by_design_is_named_and_not_logged(logged: pytest.LogCaptureFixture) -> None:
    seen: list[str] = []

    def attempt(seconds: float) -> bool:
        seen.extend(waits.going_on())
        time.sleep(2 * SHORT)
        return True

    assert waits.wait(attempt, "a person", by_design=True)
    assert "for a person in MainThread" in seen[0]
    assert not logged.messages


def test_a_lock_is_taken_again_only_if_it_may() -> None:
    again = waits.Lock("a", again=True)
    with again, again:
        pass
    once = waits.Lock("a")
    with once:
        assert not once.acquire(blocking=False)
        assert not once.acquire(timeout=0)


def test_a_condition_wakes_whoever_waits() -> None:
    condition = waits.condition("the list")
    items: list[int] = []

    def put() -> None:
        with condition:
            items.append(1)
            condition.notify_all()

    with condition:
        threading.Thread(target=put).start()
        assert waits.wait(lambda seconds: condition.wait_for(lambda: items, seconds), "an item", 30)


async def test_what_is_awaited_for_long_is_logged(logged: pytest.LogCaptureFixture) -> None:
    event = asyncio.Event()
    with awaiting("an event", holder=lambda: "nobody"):
        while not logged.messages:
            await asyncio.sleep(0.01)
        event.set()
        await event.wait()
    assert "for an event in MainThread, held by nobody" in logged.messages[0]
    assert logged.messages[-1].startswith("waited ")


async def test_a_loop_that_stands_still_says_where_and_for_how_long(
    logged: pytest.LogCaptureFixture,
) -> None:
    def stand_still_until_it_is_told() -> None:
        while not any("answers nobody" in line for line in logged.messages):
            time.sleep(0.01)

    with LoopWatch("the loop", asyncio.get_running_loop()):
        stand_still_until_it_is_told()
        while not any("answers again" in line for line in logged.messages):
            await asyncio.sleep(0.01)
    stalls = [line for line in logged.messages if "answers nobody" in line]
    assert "stand_still_until_it_is_told" in stalls[0]
    assert "computed for" in stalls[0]


async def test_a_queue_that_is_stuck_says_what_its_task_awaits(
    logged: pytest.LogCaptureFixture,
) -> None:
    queue: asyncio.Queue[object] = asyncio.Queue()
    stuck = asyncio.Event()

    async def handle_all() -> None:
        while True:
            answer = await queue.get()
            if not callable(answer):
                await stuck.wait()
            else:
                answer()

    handling = asyncio.create_task(handle_all())
    queue.put_nowait("what takes long")
    with LoopWatch("the queue", asyncio.get_running_loop(), queue.put_nowait):
        while not any("answers nobody" in line for line in logged.messages):
            await asyncio.sleep(0.01)
        stuck.set()
        while not any("answers again" in line for line in logged.messages):
            await asyncio.sleep(0.01)
    handling.cancel()
    stall = next(line for line in logged.messages if "answers nobody" in line)
    assert "handle_all" in stall
    assert "Event.wait" in stall


async def test_a_watched_loop_at_rest_is_asked_seldom(
    logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *call: asked.append(call))
    monkeypatch.setattr(awaits, "SECONDS_BETWEEN_LOOKS", 3600)
    with LoopWatch("the loop", loop):
        await asyncio.sleep(2 * SHORT)
    assert not asked
    assert not logged.messages
