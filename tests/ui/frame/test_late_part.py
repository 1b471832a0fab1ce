"""What two workers and a fast hand can do to one part of the screen, tried without a screen."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rnn_tui.ui.frame.late_part import LatePart, PartStage

TURNS = 10  # of the event loop, until nothing moves without a change of the place


class RefusedError(Exception):
    """A part that could not be made."""


class Place:
    """What the screen does: it takes its time to mount and to remove, and may fail."""

    def __init__(self) -> None:
        self.parts: set[int] = set()  # numbers of those that are at least partly there
        self.made = 0
        self.mounting: asyncio.Future[None] | None = None
        self.removing: asyncio.Future[None] | None = None

    async def make(self) -> int:
        """Mount another part, once the test lets it."""
        assert not self.parts, "two parts at once"
        self.made += 1
        number = self.made
        self.parts.add(number)
        self.mounting = asyncio.get_running_loop().create_future()
        try:
            await self.mounting
        except RefusedError:
            self.parts.discard(number)
            raise
        finally:
            self.mounting = None
        return number

    async def remove(self, number: int) -> None:
        """Remove a part, once the test lets it."""
        assert number in self.parts, "removed twice"
        self.removing = asyncio.get_running_loop().create_future()
        await self.removing
        self.removing = None
        self.parts.discard(number)


class Hands(RuleBasedStateMachine):
    """Visits, closings and cancelled workers in any order, while the screen takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.place = Place()
        self.late = LatePart[int](self.place.make, self.place.remove)
        self.visits: list[asyncio.Task[int]] = []
        self.closings: list[asyncio.Task[None]] = []

    def turn(self) -> None:
        """Let everything move that can."""
        for _ in range(TURNS):
            self.loop.run_until_complete(asyncio.sleep(0))

    @rule(times=st.integers(1, 3), moves=st.booleans())
    def visit(self, times: int, moves: bool) -> None:
        for _ in range(times):
            self.visits.append(self.loop.create_task(self.late.bring()))
        if moves:
            self.turn()

    @rule(times=st.integers(1, 2), moves=st.booleans())
    def close(self, times: int, moves: bool) -> None:
        for _ in range(times):
            self.closings.append(self.loop.create_task(self.late.remove()))
        if moves:
            self.turn()

    @precondition(lambda self: self.visits)
    @rule(number=st.integers(0, 100))
    def cancel_a_worker(self, number: int) -> None:
        """As when the widget that wanted the part goes, or another request replaces the worker."""
        self.visits.pop(number % len(self.visits)).cancel()
        self.turn()

    @precondition(lambda self: self.place.mounting is not None)
    @rule(fails=st.booleans())
    def end_mounting(self, fails: bool) -> None:
        mounting = self.place.mounting
        assert mounting is not None
        if fails:
            mounting.set_exception(RefusedError())
        else:
            mounting.set_result(None)
        self.turn()
        for visit in self.visits:
            if visit.done() and visit.exception() is not None:
                assert isinstance(visit.exception(), RefusedError)
        self.visits = [visit for visit in self.visits if not visit.done()]

    @precondition(lambda self: self.place.removing is not None)
    @rule()
    def end_removing(self) -> None:
        removing = self.place.removing
        assert removing is not None
        removing.set_result(None)
        self.turn()

    @invariant()
    def stage_and_screen_agree(self) -> None:
        self.turn()
        assert len(self.place.parts) <= 1
        match self.late.stage:
            case PartStage.ABSENT:
                assert not self.place.parts
                assert self.late.part is None
                assert all(visit.done() for visit in self.visits)
            case PartStage.MOUNTING:
                assert self.place.mounting is not None
                assert self.late.part is None
            case PartStage.THERE:
                assert self.place.parts == {self.late.part}
                assert all(task.done() for task in [*self.visits, *self.closings])
            case PartStage.LEAVING:
                assert self.place.removing is not None
                assert self.late.part is None

    def teardown(self) -> None:
        """In the end everybody has an answer."""
        for _ in range(len(self.visits) + len(self.closings) + 3):
            if self.place.mounting is not None:
                self.place.mounting.set_result(None)
            if self.place.removing is not None:
                self.place.removing.set_result(None)
            self.turn()
        assert all(task.done() for task in [*self.visits, *self.closings])
        for task in [*self.visits, *self.closings]:
            task.exception()
        self.loop.close()


def test_whatever_hands_do_there_is_one_part_and_everybody_has_an_answer() -> None:
    run_state_machine_as_test(
        Hands, settings=settings(max_examples=60, stateful_step_count=25, deadline=None)
    )


async def _fail() -> int:
    raise RefusedError


async def _nothing(_: int) -> None:
    pass


def test_a_failure_is_told_to_all_who_waited_and_the_next_visit_tries_again() -> None:
    async def visits() -> None:
        place = Place()
        late = LatePart[int](place.make, place.remove)
        waiting = [asyncio.ensure_future(late.bring()) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert place.mounting is not None
        place.mounting.set_exception(RefusedError())
        for visit in waiting:
            with pytest.raises(RefusedError):
                await visit
        assert late.stage is PartStage.ABSENT
        again = asyncio.ensure_future(late.bring())
        await asyncio.sleep(0.01)
        place.mounting.set_result(None)
        assert await again == place.made == 2

    asyncio.run(visits())


def test_a_failure_that_nobody_waits_for_any_more_is_no_fault() -> None:
    async def visit() -> None:
        late = LatePart[int](_fail, _nothing)
        visit = asyncio.ensure_future(late.bring())
        await asyncio.sleep(0)
        visit.cancel()
        for _ in range(TURNS):
            await asyncio.sleep(0)
        assert late.stage is PartStage.ABSENT
        with pytest.raises(RefusedError):
            await late.bring()

    asyncio.run(visit())
