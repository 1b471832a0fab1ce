"""The calculator as a person uses it: by keys, with networks that were really trained."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Select, Static

from rnn_tui.archive.weights import Source
from rnn_tui.engine.files import paths
from rnn_tui.ui.calculator_prompt.asking import ALL, AskedNetworks, NetworkAnswers, Typed
from rnn_tui.ui.calculator_prompt.calculator import CalculatorPanel
from rnn_tui.ui.calculator_prompt.calculator_answer import (
    MOST_CHARACTERS,
    NumberEntry,
    SumText,
    sum_answer,
)
from rnn_tui.ui.calculator_prompt.column_addition import LABEL_WIDTH, ColumnAddition, addition_rows
from tests.ui.calculator_prompt.conftest import added, shipped
from tests.ui.helpers import PanelApp, busy, idle, press, resize, screen_lines, screen_text, settled

Host = PanelApp[CalculatorPanel]


def row(app: App[Any], label: str) -> str:
    """Return the text of the row of the addition with this label, without the label."""
    addition = app.query_one(ColumnAddition)
    lines = [
        addition.render_line(y).text[addition._layout.left :] for y in range(addition.size.height)
    ]
    [line] = [line for line in lines if line[:LABEL_WIDTH].strip() == label]
    return line[LABEL_WIDTH:].rstrip()


def bits_in(app: App[Any], label: str) -> int:
    """Return the number whose bits are in the row of the addition with this label."""
    answer = app.query_one(ColumnAddition).answer
    assert answer is not None
    return int("".join(character for character, _ in addition_rows(answer)[label]), 2)


def message(app: App[Any]) -> str:
    return str(app.query_one("#message", Static).content)


def verdict(app: App[Any]) -> str:
    return str(app.query_one(SumText).render()).split("\n")[0]


def is_stale(app: App[Any]) -> bool:
    return app.query_one(CalculatorPanel).has_class("-stale")


def entry(app: App[Any], name: str) -> NumberEntry:
    return app.query_one(f"#number-{name}", NumberEntry)


async def answered(pilot: Pilot[Any]) -> None:
    """Wait until everything that was asked is answered and drawn."""
    panel = pilot.app.query_one(CalculatorPanel)
    await settled(pilot, lambda: not busy(panel))


@asynccontextmanager
async def calculating(
    size: tuple[int, int] = (80, 24), source: Source | None = None
) -> AsyncIterator[tuple[Host, Pilot[Any]]]:
    """The panel, the first number in focus, once its example is answered."""
    app = Host(CalculatorPanel())
    app.panel.use(source or shipped())
    async with app.run_test(size=size) as pilot:
        app.panel.action_type()
        await answered(pilot)
        yield app, pilot


async def type_into(pilot: Pilot[Any], name: str, text: str) -> None:
    """Type over what stands in a field."""
    field = entry(pilot.app, name)
    field.focus()
    await idle(pilot)
    await press(pilot, "home", "ctrl+k", *(_KEYS.get(letter, letter) for letter in text))
    await answered(pilot)


_KEYS = {" ": "space", "_": "underscore", "-": "minus"}


async def paste(pilot: Pilot[Any], name: str, text: str) -> None:
    """Paste over what stands in a field, as a terminal does it."""
    field = entry(pilot.app, name)
    field.focus()
    field.value = ""
    await idle(pilot)
    field.post_message(events.Paste(text))
    await answered(pilot)


async def ask(pilot: Pilot[Any], variant: str, seed: int) -> None:
    pilot.app.query_one("#variant", Select).value = variant
    pilot.app.query_one("#seed", Select).value = seed
    await answered(pilot)


# What is typed


async def test_two_numbers_are_added_as_they_are_typed() -> None:
    async with calculating() as (app, pilot):
        assert "✓ right · pretrained · H 10 bce · seed 0" in verdict(app)
        assert "H 10 bce   ▼  seed 0" in screen_text(app)
        for label, number in (("a", 0b101101), ("+ b", 0b11011), ("true sum", 72), ("network", 72)):
            assert bits_in(app, label) == number
        assert message(app) == ""
        order = []
        for _ in range(5):
            assert app.focused is not None
            order.append(app.focused.id)
            await press(pilot, "tab")
        assert order == ["number-a", "number-b", "base", "variant", "seed"]
        await type_into(pilot, "a", "0x1f")  # a prefix overrules the base
        await type_into(pilot, "b", "0d1_000")
        assert (bits_in(app, "a"), bits_in(app, "+ b")) == (0x1F, 1000)
        assert bits_in(app, "network") == 1031
        await paste(pilot, "a", "1" * 36)
        assert "trained on numbers of at most 19 bits" in message(app)
        assert bits_in(app, "a") == 2**36 - 1


async def test_what_is_no_number_is_said_and_the_old_answer_greyed() -> None:
    async with calculating() as (app, pilot):
        await type_into(pilot, "a", "fab")
        assert message(app).startswith("✗ a: “f” is not a binary digit")
        assert is_stale(app)
        assert entry(app, "a").has_class("-wrong")
        assert "✓ right" in verdict(app)
        await type_into(pilot, "b", "")
        assert message(app).endswith("  ✗ b: Type a binary number.")
        await type_into(pilot, "b", "1")
        entry(app, "a").value = "1"
        await answered(pilot)
        assert (message(app), is_stale(app), bits_in(app, "a")) == ("", False, 1)
        assert not entry(app, "a").has_class("-wrong")
        await paste(pilot, "a", "1\x1b]0;owned\x07\x9b31m\u202e1")
        assert message(app).startswith("✗ a: “�” is not a binary digit")
        assert not set(screen_text(app)) & set("\x1b\x07\x9b\u202e")


async def test_a_field_takes_what_numbers_have_and_leaves_other_keys_to_the_app() -> None:
    async with calculating() as (app, pilot):
        await press(pilot, "f", "t", "0", "q", "underscore", "space", "X")
        assert (entry(app, "a").value, app.commands) == ("f0_ X", ["t", "q"])
        await press(pilot, "escape", "f")
        assert isinstance(app.focused, ColumnAddition)
        assert (entry(app, "a").value, app.commands) == ("f0_ X", ["t", "q", "f"])
        in_footer = {
            active.binding.description
            for active in app.screen.active_bindings.values()
            if active.binding.show
        }
        assert {"Random", "Network", "Type"} <= in_footer
        await press(pilot, "enter", "enter")
        assert app.focused is entry(app, "b")


async def test_switching_the_base_converts_what_is_a_number() -> None:
    async with calculating() as (app, pilot):
        await type_into(pilot, "a", "1111 0000")
        await type_into(pilot, "b", "12")
        await press(pilot, "escape", "palette:base")
        await answered(pilot)
        assert (entry(app, "a").value, entry(app, "b").value) == ("240", "12")
        assert app.query_one("#base", Select).value == "decimal"
        assert (message(app), bits_in(app, "+ b")) == ("", 12)
        await press(pilot, "palette:base")
        await answered(pilot)
        assert (entry(app, "a").value, entry(app, "b").value) == ("f0", "c")
        await press(pilot, "i")
        await answered(pilot)
        for name, label in (("a", "a"), ("b", "+ b")):
            assert int(entry(app, name).value, 16) == bits_in(app, label)
        assert (entry(app, "a").value, entry(app, "b").value) != ("f0", "c")


async def test_a_paste_that_is_cut_is_no_number() -> None:
    async with calculating() as (app, pilot):
        for text in ("1" * 10**6, " " * (MOST_CHARACTERS - 3) + "111" + "0" * 100):
            await paste(pilot, "a", text)
            assert len(entry(app, "a").value) == MOST_CHARACTERS
            assert f"Only the first {MOST_CHARACTERS:,} of {len(text):,} pasted" in message(app)
            assert is_stale(app)
            assert bits_in(app, "a") == 0b101101
        await press(pilot, "backspace")
        await answered(pilot)
        assert bits_in(app, "a") == 0b11


async def test_4096_bits_scroll_and_the_labels_stay() -> None:
    async with calculating((80, 40)) as (app, pilot):
        ones = "1" * 4096
        await paste(pilot, "a", ones)
        await paste(pilot, "b", "1")
        addition = app.query_one(ColumnAddition)
        assert verdict(app).startswith("✓ right")
        assert "(4,097 digits)" in screen_text(app)
        assert "other lengths may go wrong." in message(app)
        # The lowest bits first.
        assert addition.scroll_offset.x == addition.max_scroll_x > 4000
        assert row(app, "network") == "0" * len(row(app, "network"))
        assert row(app, "+ b").strip() == "1"
        assert row(app, "bit").startswith("‹")
        await press(pilot, "escape", "home")
        await idle(pilot)
        assert row(app, "network").startswith("1000")
        assert row(app, "a").startswith(" 1111")
        ruler = row(app, "bit")
        assert ruler.endswith("›")
        # The last figure of 4090 stands above bit 4090, which is the seventh column.
        assert ruler.index("4090") + 3 == 4096 - 4090
        labels = [line[: 1 + LABEL_WIDTH] for line in screen_lines(app)]
        for key in ("shift+right", "right", "right", "left"):
            before = addition.scroll_offset.x
            await press(pilot, key)
            await idle(pilot)
            assert addition.scroll_offset.x != before
        assert [line[: 1 + LABEL_WIDTH] for line in screen_lines(app)][:12] == labels[:12]
        await press(pilot, "end")
        await idle(pilot)
        assert addition.scroll_offset.x == addition.max_scroll_x


@pytest.mark.long
async def test_the_wheel_scrolls_long_numbers() -> None:
    async with calculating((80, 40)) as (app, pilot):
        await paste(pilot, "a", "1" * 300)
        addition = app.query_one(ColumnAddition)
        end = addition.scroll_offset.x
        for kind, expected in ((events.MouseScrollUp, end - 10), (events.MouseScrollDown, end)):
            addition.post_message(kind(addition, 20, 3, 0, 1, 0, False, False, False))
            await idle(pilot)
            assert addition.scroll_offset.x == expected


@pytest.mark.long
async def test_what_is_read_stays_in_view_while_one_types_and_resizes() -> None:
    async with calculating((80, 40)) as (app, pilot):
        await paste(pilot, "a", "10" * 150)
        addition = app.query_one(ColumnAddition)
        await press(pilot, "escape", "left", "left")
        await idle(pilot)
        from_right = addition.max_scroll_x - addition.scroll_offset.x
        assert from_right == 20
        for width in (120, 60, 200, 80):
            await resize(pilot, width, 40)
            await pilot.pause(0.1)
            assert addition.max_scroll_x - addition.scroll_offset.x == 20
        await press(pilot, "enter", "end", "1", "0", "backspace")
        await answered(pilot)
        assert len(entry(app, "a").value) == 301
        assert addition.max_scroll_x - addition.scroll_offset.x == 20


@pytest.mark.long
async def test_any_size_and_theme() -> None:
    async with calculating((200, 50)) as (app, pilot):
        await ask(pilot, ALL, 0)
        for theme in ("textual-dark", "textual-light", "ansi-dark"):
            app.theme = theme
            for size in [(30, 8), (80, 24), (50, 60), (10, 3), (200, 50), (120, 40)]:
                await resize(pilot, *size)
                await pilot.pause(0.1)
            assert bits_in(app, "network") == 72


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 20), (80, 24), (120, 40)])
async def test_all_that_matters_is_visible_without_scrolling(size: tuple[int, int]) -> None:
    async with calculating(size) as (app, pilot):
        await paste(pilot, "a", "1" * 100)
        text = screen_text(app)
        for part in ("carry", "true sum", "confidence", "✓ right", "hexadecimal", "100 %"):
            assert part in text
        assert "trained on numbers of at most 19" in text


# Who answers


async def test_each_network_that_is_chosen_is_drawn_with_its_answer(untrained: Source) -> None:
    async with calculating(source=untrained) as (app, pilot):
        for whom in (("H 4 mse", 6), ("H 7 mse", 5)):
            await ask(pilot, *whom)
            expected = addition_rows(sum_answer(added(0b101101, 0b11011, whom, untrained)))
            for label in ("carry", "a", "+ b", "network", "true sum", "confidence"):
                drawn = row(app, label)[::2]
                assert drawn == "".join(character for character, _ in expected[label]), label
        await press(pilot, "escape", "n")
        await answered(pilot)
        assert "run untrained · all 4 vote" in verdict(app)
        assert not app.query_one("#seed").display
        assert row(app, "votes")


@pytest.mark.long
async def test_the_table_of_votes_is_reached_by_keys_where_it_does_not_fit() -> None:
    async with calculating((80, 20)) as (app, pilot):
        await ask(pilot, ALL, 0)
        assert "of 5" not in screen_text(app)
        await press(pilot, *["down"] * 8)
        await idle(pilot)
        assert "H 10 bce  5 of 5" in screen_text(app)
        assert app.focused is entry(app, "a")


@pytest.mark.long
async def test_other_weights_answer_when_told_to(untrained: Source, tmp_path: Path) -> None:
    async with calculating() as (app, pilot):
        await ask(pilot, ALL, 0)
        app.panel.use(untrained)
        await answered(pilot)
        assert "run untrained · all 4 vote" in verdict(app)
        await ask(pilot, "H 7 mse", 6)
        assert "run untrained · H 7 mse · seed 6" in verdict(app)
        assert "H 7 mse    ▼  seed 6" in screen_text(app)
        # What the new weights have too stays chosen; else their own default.
        app.panel.use(shipped())
        await answered(pilot)
        assert "pretrained · H 10 bce · seed 0" in verdict(app)
        await ask(pilot, "H 3 mse", 3)
        app.panel.use(shipped())
        await answered(pilot)
        assert "pretrained · H 3 mse · seed 3" in verdict(app)


@pytest.mark.long
async def test_without_any_weights_the_fields_stay_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "asset_dir", lambda: tmp_path)
    app = Host(CalculatorPanel())
    async with app.run_test(size=(80, 24)) as pilot:
        app.panel.action_type()
        await answered(pilot)
        assert "There are no weights for adder" in message(app)
        await type_into(pilot, "a", "12")
        assert "“2” is not a binary digit" in message(app)
        await press(pilot, "escape", "i", "palette:base", "n", "t")
        await answered(pilot)
        assert app.commands == ["t"]
        assert int(entry(app, "a").value) >= 0
        # Nothing can be chosen from then, nor does it fail to try.
        app.query_one("#variant", Select).focus()
        await press(pilot, "enter", "down", "enter")
        app.panel.use(
            Source(Path(__file__).parents[3] / "assets/pretrained/adder.safetensors", "x")
        )
        await answered(pilot)
        assert "✓ right · x · H 10 bce" in verdict(app)


async def test_one_answer_at_a_time_and_the_last_question_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str | None] = []
    under_way = 0
    most = 0
    go_on = threading.Event()
    really = AskedNetworks.ask

    def slowly(
        self: AskedNetworks, typed: Typed, chosen: tuple[str, int] | None = None
    ) -> NetworkAnswers:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        asked.append(typed.text)
        go_on.wait(10)
        under_way -= 1
        return really(self, typed, chosen)

    async with calculating() as (app, pilot):
        monkeypatch.setattr(AskedNetworks, "ask", slowly)
        entry(app, "a").value = ""
        for at, letter in enumerate("1101011"):
            await press(pilot, letter)
            assert entry(app, "a").value == "1101011"[: at + 1]  # typing goes on meanwhile
        assert (asked, bits_in(app, "a")) == (["1 + 11011"], 0b101101)
        go_on.set()
        await answered(pilot)
        assert (asked, most) == (["1 + 11011", "1101011 + 11011"], 1)
        assert bits_in(app, "a") == 0b1101011


@pytest.mark.long
async def test_removing_the_panel_in_mid_answer_leaves_nothing_behind() -> None:
    async with calculating() as (app, pilot):
        await ask(pilot, ALL, 0)
        entry(app, "a").value = "1" * 4096
        await idle(pilot)
        await app.panel.remove()
        await pilot.pause(0.5)
        await asyncio.sleep(0)
        assert not app.query(CalculatorPanel)
