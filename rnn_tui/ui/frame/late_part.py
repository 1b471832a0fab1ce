"""A part of the screen that is made when it is first wanted, whoever wants it and how often.

A tab can be wanted by two clicks, a key and an experiment at the same moment, and be closed by a
fifth. So what can happen to one part is a machine of four stages:

    absent → mounting → there → being removed → absent
                 ↓ (it fails)
               absent

Whoever finds a change under way waits for its end, and then asks again. Nobody begins a second one.
The changes run in tasks of their own: a worker that is cancelled while it waits stops nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum
from typing import Generic, TypeVar

from rnn_tui.engine import awaits

Part = TypeVar("Part")


class PartStage(Enum):
    """How far a part is."""

    ABSENT = "absent"
    MOUNTING = "mounting"
    THERE = "there"
    LEAVING = "being removed"


class LatePart(Generic[Part]):
    """Makes a part once, for all who want it at the same time, and removes it once."""

    def __init__(
        self, make: Callable[[], Awaitable[Part]], remove: Callable[[Part], Awaitable[object]]
    ) -> None:
        """Begin without the part.

        Args:
            make: makes and mounts the part; returns it when all of it is there. If it raises, the
                part is absent, and the next who wants it tries again.
            remove: removes the part; returns when nothing of it is left.
        """
        self._make = make
        self._remove = remove
        self._part: Part | None = None
        #: the change that is under way; returns how it failed, or None.
        self._change: asyncio.Task[Exception | None] | None = None
        self.stage = PartStage.ABSENT

    @property
    def part(self) -> Part | None:
        """The part; None unless it is there."""
        return self._part if self.stage is PartStage.THERE else None

    def put(self, part: Part) -> None:
        """Take a part that is there from the start."""
        self._part = part
        self.stage = PartStage.THERE

    async def bring(self) -> Part:
        """Return the part once it is there, made if it is absent.

        Raises:
            Exception: the one that `make` raised, to each who waited for this attempt.
        """
        while True:
            if self.stage is PartStage.ABSENT:
                self._begin(PartStage.MOUNTING, self._come())
            if self.stage is PartStage.MOUNTING:
                failure = await self._end_of_change()
                if failure is not None:
                    raise failure
            elif self.stage is PartStage.LEAVING:
                await self._end_of_change()
            # asked again: another may have been quicker after the change
            if self.stage is PartStage.THERE and self._part is not None:
                return self._part

    async def remove(self) -> None:
        """Remove the part if there is one, and return once it is gone.

        Raises:
            Exception: the one that `remove` raised; the part counts as gone then.
        """
        while self.stage is not PartStage.ABSENT:
            if self.stage is PartStage.THERE and self._part is not None:
                self._begin(PartStage.LEAVING, self._go(self._part))
            if self.stage is PartStage.MOUNTING:
                await self._end_of_change()
            else:
                failure = await self._end_of_change()
                if failure is not None:
                    raise failure

    def _begin(self, stage: PartStage, change: Coroutine[None, None, Exception | None]) -> None:
        self.stage = stage
        self._change = asyncio.create_task(change)

    async def _end_of_change(self) -> Exception | None:
        """Wait for the change that is under way; returns how it failed, or None.

        Who is cancelled while waiting leaves the change to itself.
        """
        change = self._change
        if change is None:
            return None
        with awaits.awaiting(f"a part of the screen that is {self.stage.value}"):
            await asyncio.wait({change})
            return change.result()

    async def _come(self) -> Exception | None:
        """Make the part."""
        following = PartStage.ABSENT
        try:
            self._part = await self._make()
            following = PartStage.THERE
        except Exception as error:  # noqa: BLE001 - raised by `bring`
            return error
        finally:  # also where the task is cancelled, as when the app ends
            self._end(following)
        return None

    async def _go(self, part: Part) -> Exception | None:
        """Remove the part."""
        try:
            await self._remove(part)
        except Exception as error:  # noqa: BLE001 - raised by `remove`
            return error
        finally:
            self._part = None
            self._end(PartStage.ABSENT)
        return None

    def _end(self, stage: PartStage) -> None:
        self.stage = stage
        self._change = None
