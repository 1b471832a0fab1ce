"""The calculator as a person uses it: by keys, with networks that were really trained."""

import asyncio
import threading
import time
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
from rnn_tui.tasks.adder.questions import Addition
from rnn_tui.ui.calculator_prompt.calculator import ALL, CalculatorPanel
from rnn_tui.ui.calculator_prompt.calculator_answer import (
    MOST_CHARACTERS,
    Adders,
    NumberEntry,
    SumAnswer,
    SumText,
)
from rnn_tui.ui.calculator_prompt.column_addition import LABEL_WIDTH, ColumnAddition, addition_rows
from tests.ui import helpers
from tests.ui.calculator_prompt.conftest import shipped
from tests.ui.helpers import PanelApp, busy, idle, press, resize, screen_lines, screen_text, settled

SIZES = [(80, 20), *helpers.AT_SIZES]
Host = PanelApp[CalculatorPanel]


def row(app: App[Any], label: str) -> str:
    """Return the text of the row of the addition with this label, without the label."""
    addition = app.query_one(ColumnAddition)
    lines = [addition.render_line(y).text[addition._left :] for y in range(addition.size.height)]
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
    return app.query_one("#addition").has_class("-stale")


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


# The answer


async def test_the_example_is_answered_by_the_largest_network() -> None:
    async with calculating() as (app, _):
        assert "✓ right · pretrained · H 10 bce · seed 0" in verdict(app)
        assert "H 10 bce   ▼  seed 0" in screen_text(app)
        assert bits_in(app, "a") == 0b101101
        assert bits_in(app, "+ b") == 0b11011
        assert bits_in(app, "true sum") == bits_in(app, "network") == 0b101101 + 0b11011
        text = screen_text(app)
        for expected in ("binary       1001000", "decimal      72", "hexadecimal  48"):
            assert expected in text
        assert message(app) == ""


async def test_longer_than_in_training_is_said_and_answered() -> None:
    async with calculating() as (app, pilot):
        await paste(pilot, "a", "1" * 36)
        assert message(app) == "⚠ 37 bits; the network was trained on at most 20."
        assert bits_in(app, "a") == 2**36 - 1
        await paste(pilot, "a", "1" * 19)
        assert message(app) == ""


# What is typed


NO_NUMBERS = {
    "fab": "✗ a: “f” is not a binary digit",
    "": "✗ a: Type a binary number.",
}


async def test_what_is_no_number_is_said_and_the_old_answer_greyed() -> None:
    async with calculating() as (app, pilot):
        for typed, said in NO_NUMBERS.items():
            entry(app, "a").value = "1101"
            await answered(pilot)
            await type_into(pilot, "a", typed)
            assert message(app).startswith(said)
            assert said[:30] in screen_text(app)
            assert is_stale(app)
            assert entry(app, "a").value == typed
            assert entry(app, "a").has_class("-wrong")
            assert "✓ right" in verdict(app)
            assert app.commands == []
            entry(app, "a").value = "1"
            await answered(pilot)
            assert (message(app), is_stale(app), bits_in(app, "a")) == ("", False, 1)


async def test_both_numbers_wrong_are_both_said() -> None:
    async with calculating() as (app, pilot):
        await type_into(pilot, "a", "2")
        await type_into(pilot, "b", "e")
        assert [part[:14] for part in message(app).split("  ")] == [
            "✗ a: “2” is no",
            "✗ b: “e” is no",
        ]


async def test_a_field_takes_what_numbers_have_and_leaves_other_keys_to_the_app() -> None:
    async with calculating() as (app, pilot):
        await press(pilot, "f", "t", "0", "q", "underscore", "space", "X")
        assert (entry(app, "a").value, app.commands) == ("f0_ X", ["t", "q"])
        await press(pilot, "escape", "f")
        assert isinstance(app.focused, ColumnAddition)
        assert (entry(app, "a").value, app.commands) == ("f0_ X", ["t", "q", "f"])
        await press(pilot, "enter", "enter")
        assert app.focused is entry(app, "b")


async def test_tab_goes_to_both_numbers_first() -> None:
    async with calculating() as (app, pilot):
        order = []
        for _ in range(5):
            assert app.focused is not None
            order.append(app.focused.id)
            await press(pilot, "tab")
        assert order == ["number-a", "number-b", "base", "variant", "seed"]


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
        await type_into(pilot, "a", "0d10")  # a hexadecimal number itself
        assert bits_in(app, "a") == 0x0D10
        await press(pilot, "escape", "palette:base")
        await answered(pilot)
        assert (entry(app, "a").value, entry(app, "b").value) == ("110100010000", "1100")


async def test_a_prefix_overrules_the_base() -> None:
    async with calculating() as (app, pilot):
        await type_into(pilot, "a", "0x1f")
        await type_into(pilot, "b", "0d1_000")
        assert (bits_in(app, "a"), bits_in(app, "+ b")) == (0x1F, 1000)
        assert bits_in(app, "network") == 1031


async def test_a_key_fills_in_random_numbers() -> None:
    async with calculating() as (app, pilot):
        seen, lengths = set(), set()
        await press(pilot, "escape")
        for _ in range(12):
            await press(pilot, "i")
            await answered(pilot)
            a, b = entry(app, "a").value, entry(app, "b").value
            assert (bits_in(app, "a"), bits_in(app, "+ b")) == (int(a, 2), int(b, 2))
            seen.add((a, b))
            lengths.add(len(a))
        assert len(seen) > 6
        assert len(lengths) > 3
        await press(pilot, "palette:base", "i")
        await answered(pilot)
        assert int(entry(app, "a").value) == bits_in(app, "a")


async def test_a_million_characters_neither_freeze_nor_count_as_a_number() -> None:
    async with calculating() as (app, pilot):
        start = time.monotonic()
        await paste(pilot, "a", "1" * 10**6)
        assert time.monotonic() - start < 5
        assert len(entry(app, "a").value) == MOST_CHARACTERS
        assert f"Only the first {MOST_CHARACTERS:,} of 1,000,000 pasted characters fit" in message(
            app
        )
        assert is_stale(app)
        assert "✓ right" in verdict(app)
        # Not even where what is left would be one.
        await paste(pilot, "a", " " * (MOST_CHARACTERS - 3) + "111" + "0" * 100)
        assert "Only the first" in message(app)
        assert bits_in(app, "a") == 0b101101
        await press(pilot, "backspace")
        await answered(pilot)
        assert bits_in(app, "a") == 0b11


async def test_control_characters_never_reach_the_screen() -> None:
    async with calculating() as (app, pilot):
        await paste(pilot, "a", "1\x1b]0;owned\x07\x9b31m\u202e1")
        text = screen_text(app)
        assert message(app).startswith("✗ a: “�” is not a binary digit")
        assert not any(
            ord(letter) < 32 or 127 <= ord(letter) < 160 or letter == "\u202e"
            for letter in text.replace("\n", "")
        )
        await paste(pilot, "a", "10\r\n11\n")
        assert bits_in(app, "a") == 0b1011


# Long numbers


async def test_4096_bits_scroll_and_the_labels_stay() -> None:
    async with calculating((80, 40)) as (app, pilot):
        ones = "1" * 4096
        await paste(pilot, "a", ones)
        await paste(pilot, "b", "1")
        addition = app.query_one(ColumnAddition)
        assert verdict(app).startswith("✓ right")
        assert "(4,097 digits)" in screen_text(app)
        assert "⚠ 4,097 bits; the network was trained on at most 20." in message(app)
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
async def test_digits_are_as_large_as_there_is_room_and_nothing_jumps() -> None:
    async with calculating() as (app, pilot):
        for size, tall in (((80, 24), 1), ((120, 40), 3), ((200, 50), 6)):
            await resize(pilot, *size)
            places = None
            for number in ("1", "101101", "1" * 30, "1" * 200, ""):
                await paste(pilot, "a", number)
                addition = app.query_one(ColumnAddition)
                assert addition._tall == tall or len(number) not in (1, 6)
                now = addition.region, app.query_one("#sum").region.offset
                assert now == (places or now)
                places = now


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 20), (80, 24), (120, 40)])
async def test_all_that_matters_is_visible_without_scrolling(size: tuple[int, int]) -> None:
    async with calculating(size) as (app, pilot):
        await paste(pilot, "a", "1" * 100)
        text = screen_text(app)
        for part in ("carry", "true sum", "confidence", "✓ right", "hexadecimal", "100 %"):
            assert part in text
        assert "trained on at most 20" in text


# Who answers


async def test_each_network_that_is_chosen_is_drawn_with_its_answer(untrained: Source) -> None:
    adders = Adders(untrained)
    async with calculating(source=untrained) as (app, pilot):
        for replica in range(4):
            await ask(pilot, ("H 4 mse", "H 7 mse")[replica // 2], 5 + replica % 2)
            expected = addition_rows(adders.answer(Addition(0b101101, 0b11011), replica))
            for label in ("carry", "a", "+ b", "network", "true sum", "confidence"):
                drawn = row(app, label)[::2]
                assert drawn == "".join(character for character, _ in expected[label]), label
        await ask(pilot, ALL, 5)
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


async def test_weights_that_cant_be_read_are_said_and_the_old_ones_go_on(tmp_path: Path) -> None:
    async with calculating() as (app, pilot):
        broken = tmp_path / "broken.safetensors"
        broken.write_bytes(b"nothing")
        app.panel.use(Source(broken, "run broken"))
        await answered(pilot)
        assert "can't be read" in message(app)
        await type_into(pilot, "a", "111")
        assert "can't be read" in message(app)
        assert bits_in(app, "a") == 0b111
        assert "pretrained" in verdict(app)
        app.panel.use(shipped())
        await answered(pilot)
        assert message(app) == ""


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
    asked: list[int] = []
    under_way = 0
    most = 0
    go_on = threading.Event()
    really = Adders.answer

    def slowly(self: Adders, addition: Addition, replica: int | None) -> SumAnswer:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        asked.append(addition.a)
        go_on.wait(10)
        under_way -= 1
        return really(self, addition, replica)

    async with calculating() as (app, pilot):
        monkeypatch.setattr(Adders, "answer", slowly)
        entry(app, "a").value = ""
        for at, letter in enumerate("1101011"):
            await press(pilot, letter)
            assert entry(app, "a").value == "1101011"[: at + 1]  # typing goes on meanwhile
        assert (asked, bits_in(app, "a")) == ([0b1], 0b101101)
        go_on.set()
        await answered(pilot)
        assert (asked, most) == ([0b1, 0b1101011], 1)
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


async def test_keys_are_in_the_footer() -> None:
    async with calculating((120, 40)) as (app, pilot):
        await press(pilot, "escape")
        in_footer = {
            active.binding.description
            for active in app.screen.active_bindings.values()
            if active.binding.show
        }
        assert {"Random", "Network", "Type"} <= in_footer


# Parts
