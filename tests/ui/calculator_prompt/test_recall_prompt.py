"""The recall prompt as a person uses it: by keys, with networks that ship, and with new ones."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import DataTable, Input, Static, TabbedContent, TabPane

from rnn_tui.archive.weights import shipped
from rnn_tui.engine.events import Control, new_run_id
from rnn_tui.engine.files.paths import WEIGHTS_NAME, run_dir
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall.questions import RecallNetwork
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.recall_answers import AnswerColumns
from rnn_tui.ui.calculator_prompt.recall_prompt import (
    EXAMPLE,
    MOST_CHARACTERS,
    DigitsField,
    RecallPromptPanel,
)
from rnn_tui.ui.frame.key_footer import KeyFooter
from rnn_tui.ui.frame.sheets import SHEETS
from rnn_tui.ui.widgets.digits import (
    BigDigit,
    DigitColumn,
    ProbabilityBars,
    large_digit,
    small_digit,
)
from tests.ui.helpers import (
    AT_SIZES,
    PanelApp,
    busy,
    idle,
    press,
    resize,
    screen_lines,
    screen_text,
    settled,
    wait_until,
)


class PromptApp(App[None]):
    """The panel where the Recall tab has it, below single keys that do something."""

    CSS_PATH = [*SHEETS]
    CSS = "#views, #views ContentSwitcher, #views TabPane { height: 1fr; padding: 0; }"
    HORIZONTAL_BREAKPOINTS = RnnTuiApp.HORIZONTAL_BREAKPOINTS
    VERTICAL_BREAKPOINTS = RnnTuiApp.VERTICAL_BREAKPOINTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"count('{key}')", key) for key in ("t", "s", "p", "f", "0", "q")
    ]

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[str] = []

    def compose(self) -> ComposeResult:
        with TabbedContent(id="views"), TabPane("Prompt", id="prompt"):
            yield RecallPromptPanel()
        yield Static("progress")
        yield KeyFooter()

    def action_count(self, key: str) -> None:
        self.commands.append(key)

    @property
    def panel(self) -> RecallPromptPanel:
        return self.query_one(RecallPromptPanel)


@asynccontextmanager
async def asking(size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[PromptApp, Pilot[Any]]]:
    """The app with the cursor in the field for digits, the example answered."""
    app = PromptApp()
    async with app.run_test(size=size) as pilot:
        await wait_until(pilot, lambda: len(app.query(DigitColumn)) > 0)
        app.panel.action_type()
        await idle(pilot)
        yield app, pilot


async def answered(pilot: Pilot[Any]) -> None:
    """Everything typed is answered and drawn."""
    panel = pilot.app.query_one(RecallPromptPanel)
    await settled(pilot, lambda: not busy(panel))


async def typed(app: PromptApp, pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        await press(pilot, key)
    await answered(pilot)


def text_of(app: PromptApp, selector: str) -> str:
    return " ".join(str(app.query_one(selector, Static).content).split())


def status(app: PromptApp) -> str:
    return text_of(app, "#recall-status")


def network(position: int) -> RecallNetwork:
    """The shipped network, read apart from the panel."""
    (source,) = [source for source in shipped("recall") if source.position == position]
    return RecallNetwork(read_weights(source.path))


def shown(app: App[Any]) -> list[tuple[str, str, str, int]]:
    """Of every column: name, verdict, seeds, the large digit."""
    result = []
    for column in app.query(DigitColumn):
        if not column.display:
            continue
        words = str(column.query_one(".words", Static).content).split("\n")
        digit = column.query_one(BigDigit).digit
        assert digit is not None
        result.append((str(column.border_title), words[0], words[1], digit))
    return result


def expected(
    net: RecallNetwork, digits: str, position: int, seed: int | None = 0
) -> list[tuple[str, str, str, int]]:
    """What `shown` must be."""
    sequence = tuple(int(digit) for digit in digits)
    true, seeds = sequence[position - 1], net.config.seeds
    answers = net.probabilities([sequence])[:, 0].reshape(-1, seeds, 10)
    result = []
    for variant, replicas in zip(net.config.variants, answers, strict=True):
        answer = int((replicas.mean(axis=0) if seed is None else replicas[seed]).argmax())
        right = int((replicas.argmax(axis=1) == true).sum())
        name = variant.label if len(net.config.losses) > 1 else f"H {variant.hidden_size}"
        name += f" · mean of {seeds}" if seed is None else f" · seed {net.config.seed + seed}"
        verdict = f"✓ {answer}" if answer == true else f"✗ {answer}, true {true}"
        result.append((name, verdict, f"{right} of {seeds} seeds right" * (seeds > 1), answer))
    return result


# Answers


async def test_every_key_is_answered_by_the_network_itself() -> None:
    net = network(3)
    async with asking() as (app, pilot):
        assert shown(app) == expected(net, "".join(map(str, EXAMPLE)), 3)
        text = ""
        for digit in "58250":
            await typed(app, pilot, digit)
            text += digit
            if len(text) >= 3:
                assert shown(app) == expected(net, text, 3)
                assert status(app) == ""
                assert not app.panel.has_class("-stale")
        assert app.query_one("#recall-digits", Input).value == text
        answers = net.probabilities([tuple(map(int, text))])
        best = int(answers[0, 0].argmax())
        assert f"{100 * answers[0, 0, best]:5.1f} %" in screen_text(app)
        assert "✓ true" in screen_text(app)
        field = app.query_one("#recall-digits", Input)
        for length in range(3, 40):  # the last of many counts
            field.value = "0123456789"[length % 10] * length
        await answered(pilot)
        assert shown(app) == expected(net, field.value, 3)


async def test_letters_are_commands_and_digits_are_after_escape() -> None:
    async with asking() as (app, pilot):
        field = app.query_one("#recall-digits", Input)
        await typed(app, pilot, *"7t0, 4q")
        assert (field.value, app.commands) == ("70, 4", ["t", "q"])
        await typed(app, pilot, "escape", "0")
        assert (field.value, app.commands) == ("70, 4", ["t", "q", "0"])
        assert isinstance(app.focused, AnswerColumns)
        for word in ("↑↓ Pos.", "i Random", "/ Type"):
            await wait_until(pilot, lambda word=word: word in screen_lines(app)[-1])
        await typed(app, pilot, "slash", *"888")
        assert field.value == "888"  # what stood there is replaced
        assert app.focused is field


async def test_keys_step_through_seeds_and_draw_digits_of_a_length_in_training() -> None:
    net = network(3)
    async with asking() as (app, pilot):
        await typed(app, pilot, *"271828", "escape")
        for seed in (1, 2, 3, 4, None, 0):
            await typed(app, pilot, "n")
            assert shown(app) == expected(net, "271828", 3, seed)
        seen = set()
        for _ in range(4):
            await typed(app, pilot, "i")
            digits = app.query_one("#recall-digits", Input).value.replace(" ", "")
            assert 3 <= len(digits) <= 11
            assert status(app) == ""
            assert shown(app) == expected(net, digits, 3)
            seen.add(digits)
        assert len(seen) > 2


@pytest.mark.long
async def test_weights_named_before_the_panel_is_there_answer_for_their_position() -> None:
    [source] = [source for source in shipped("recall") if source.position == 2]
    app = PanelApp(RecallPromptPanel())
    app.panel.use(source)
    async with app.run_test(size=(120, 40)) as pilot:
        await answered(pilot)
        assert app.query_one("#recall-position", Input).value == "2"
        assert shown(app) == expected(network(2), "314159", 2)


async def test_arrows_change_the_position_within_the_sequence() -> None:
    async with asking() as (app, pilot):
        field = app.query_one("#recall-position", Input)
        await typed(app, pilot, *"4321", "down")
        assert field.value == "2"
        assert " 4[3]2 1" in screen_text(app)
        await typed(app, pilot, "ctrl+down", "down", "down")
        assert field.value == "1"
        assert shown(app) == expected(network(1), "4321", 1)
        await typed(app, pilot, "up", "ctrl+up", "up", "up", "up")
        assert field.value == "4"
        assert " 4 3 2[1]" in screen_text(app)
        assert "trained for position 3, not for 4" in status(app)
        assert shown(app) == expected(network(3), "4321", 4)
        assert not app.panel.has_class("-stale")


# Bad input


UNREADABLE = {
    "31t": "Only the digits 0 to 9 can be recalled; character 3 is “t”.",
    "31": "Position 3 is beyond the sequence, which has 2 digits.",
}


async def test_what_cannot_be_read_is_a_sentence_and_the_old_answer_fades() -> None:
    async with asking() as (app, pilot):
        for text, sentence in UNREADABLE.items():
            field = app.query_one("#recall-digits", Input)
            field.value = "5678"
            await answered(pilot)
            before = shown(app)
            field.value = text
            await answered(pilot)
            assert status(app) == sentence
            assert app.panel.has_class("-stale")
            assert field.value == text
            assert shown(app) == before
            assert " 5 6[7]8" in screen_text(app)
            assert app.commands == []
            field.value = "246"
            await answered(pilot)
            assert status(app) == ""
            assert not app.panel.has_class("-stale")
            assert shown(app) == expected(network(3), "246", 3)


@pytest.mark.long
async def test_positions_that_do_not_exist_are_sentences() -> None:
    async with asking() as (app, pilot):
        field = app.query_one("#recall-position", Input)
        field.focus()
        for position in ("0", "x", "-1", "1.5", "٣", "99"):
            field.value = position
            await answered(pilot)
            assert position in status(app)
            assert "osition" in status(app)
            assert app.panel.has_class("-stale")
            await typed(app, pilot, "ctrl+u", "up", "down")
            assert field.value.isdigit()
            assert not app.panel.has_class("-stale")


@pytest.mark.long
async def test_a_million_pasted_characters_are_cut_and_said() -> None:
    async with asking() as (app, pilot):
        before = shown(app)
        start = time.monotonic()
        app.post_message(Paste("31415" * 200_000))
        await answered(pilot)
        assert time.monotonic() - start < 5
        field = app.query_one("#recall-digits", Input)
        assert len(field.value) == MOST_CHARACTERS
        assert status(app) == (
            "Only the first 4,000 of 1,000,000 pasted characters fit. A sequence may have at "
            "most 1,000 digits."
        )
        assert app.panel.has_class("-stale")
        assert shown(app) == before
        await typed(app, pilot, "backspace")
        assert status(app) == "A sequence may have at most 1,000 digits."


@pytest.mark.long
async def test_pasted_lines_are_joined_and_control_characters_stay_out() -> None:
    async with asking() as (app, pilot):
        app.post_message(Paste("3 1\n4 1\r\n5"))
        await answered(pilot)
        assert shown(app) == expected(network(3), "31415", 3)
        app.post_message(Paste("\x1b[31m\u202e\x07"))
        await answered(pilot)
        assert "�" in status(app)
        for text in (app.query_one("#recall-digits", Input).value, screen_text(app)):
            assert not set(text) & set("\x1b\x07\u202e")


async def test_no_weights_at_all_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rnn_tui.engine.files.paths.asset_dir", lambda: tmp_path)
    app = PromptApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await answered(pilot)
        assert "There are no weights for recall" in status(app)
        await typed(app, pilot, "escape")
        app.panel.action_table()
        await answered(pilot)
        assert "There are no weights for recall" in text_of(app, "RecallTable .headline")


# The report's table


async def test_a_key_leads_to_the_reports_table_and_back() -> None:
    async with asking() as (app, pilot):
        await typed(app, pilot, "escape", "palette:sums")
        table = app.query_one(DataTable)
        assert table.row_count == 45
        assert app.focused is table
        first = [str(table.get_row_at(at)[1]) for at in range(45)]
        await typed(app, pilot, "n")
        assert "answers of seed 1." in text_of(app, "RecallTable .headline")
        assert [str(table.get_row_at(at)[1]) for at in range(45)] == first
        await typed(app, pilot, "i")
        assert [str(table.get_row_at(at)[1]) for at in range(45)] != first
        await typed(app, pilot, "ctrl+down")
        assert "position 2" in text_of(app, "RecallTable .headline")
        await typed(app, pilot, "palette:sums")
        assert not app.panel.table_shown
        assert app.focused is app.query_one(DigitsField)
        assert shown(app) == expected(network(2), "".join(map(str, EXAMPLE)), 2, 1)
        await typed(app, pilot, "palette:sums", "escape")
        assert not app.panel.table_shown


# Weights trained meanwhile


def train(cell: str = "lstm", **overrides: Any) -> Path:
    """A tiny run where the app would keep it; returns the file of its weights."""
    from rnn_tui.engine.training.loop import fit  # noqa: PLC0415 - torch

    task = TASKS["recall"]
    settings = {"epochs": 1, "training_size": 90, "test_size": 10, "hidden_sizes": (2, 3)}
    config = task.config(cell, "report", **{**settings, **overrides})
    assert isinstance(config, SequenceConfig)
    run_id = new_run_id()
    path = run_dir() / run_id / WEIGHTS_NAME
    outcome = fit(
        task.load(), config, lambda _: None, Control(), run_id=run_id, checkpoint_path=path
    )
    assert outcome.metrics
    return path


@pytest.mark.long
async def test_a_run_that_ended_answers_for_its_position(home: Path) -> None:
    async with asking() as (app, pilot):
        await typed(app, pilot, *"8675309")
        for _ in range(4):
            await typed(app, pilot, "escape", "n")
        path = train(position=3, losses=("ce", "bce"), seeds=2)
        assert home in path.parents
        app.panel.use(None)
        await answered(pilot)
        net = RecallNetwork(read_weights(path))
        assert shown(app) == expected(net, "8675309", 3)
        assert [name for name, *_ in shown(app)] == [
            "H 2 ce · seed 0",
            "H 3 ce · seed 0",
            "H 2 bce · seed 0",
            "H 3 bce · seed 0",
        ]
        source = f"run {path.parent.name}: position 3, 2 seeds, ce, bce"
        assert text_of(app, "#recall-source") == source
        # The others are still what ships, with fewer columns and more seeds.
        await typed(app, pilot, "down")
        assert shown(app) == expected(network(2), "8675309", 2)


@pytest.mark.long
async def test_a_run_for_another_position_and_one_seed_answers() -> None:
    path = train(position=7, lengths=(7, 9))
    async with asking() as (app, pilot):
        await typed(app, pilot, *"0123456789", "tab", "7")
        net = RecallNetwork(read_weights(path))
        assert shown(app) == expected(net, "0123456789", 7)
        assert "7 to 9 digits" in status(app)
        assert all(not seeds for _, _, seeds, _ in shown(app))
        await typed(app, pilot, "escape", "n", "palette:sums")
        assert app.query_one(DataTable).row_count == 15
        assert shown(app) == expected(net, "0123456789", 7)


@pytest.mark.long
async def test_a_table_of_fewer_seeds_is_replaced_when_it_comes_back() -> None:
    train(position=2, seeds=2)
    async with asking() as (app, pilot):
        await typed(app, pilot, "down", "escape", "palette:sums")
        assert len(app.query_one(DataTable).columns) == 5
        await typed(app, pilot, "palette:sums", "up", *["n"] * 4)
        app.theme = "textual-light"
        await typed(app, pilot, "palette:sums")
        assert len(app.query_one(DataTable).columns) == 6
        assert "answers of seed 4" in text_of(app, "RecallTable .headline")


# What it looks like


@pytest.mark.parametrize("size", AT_SIZES)
async def test_everything_is_in_view_at_every_size(size: tuple[int, int]) -> None:
    async with asking(size) as (app, pilot):
        await typed(app, pilot, *"90210")
        for theme in ("textual-light", "textual-dark"):
            app.theme = theme
            await answered(pilot)
            text = screen_text(app)
            for part in (
                *("H 2 · seed 0", "H 5 · seed 0", "H 10 · seed 0", "of 5 seeds right"),
                *(" 9 0[2]1 0", "pretrained: position 3, 5 seeds, ce"),
            ):
                assert part in text
            rows = [line for line in text.split("\n") if line.count("%") == 3]
            assert all(any(f" {digit} " in row for row in rows) for digit in range(10))


@pytest.mark.long
async def test_long_notes_leave_all_bars_in_view() -> None:
    async with asking((80, 23)) as (app, pilot):
        await typed(app, pilot, *"12345678901234", "tab", "7")
        text = screen_text(app)
        assert "These weights were trained on 3 to 11 digits" in " ".join(text.split())
        assert len([line for line in text.split("\n") if line.count("%") == 3]) == 10


@pytest.mark.long
async def test_digits_and_bars_grow_with_the_screen() -> None:
    async with asking((80, 24)) as (app, pilot):
        for size, lines, longest in (((80, 24), 3, 4), ((110, 40), 5, 14), ((200, 50), 10, 40)):
            await resize(pilot, *size)
            await answered(pilot)
            column = app.query(DigitColumn).last()
            assert column.query_one(BigDigit).size.height == lines
            bars = str(column.query_one(ProbabilityBars).render())
            assert longest <= bars.count("█") < longest + 4, size


@pytest.mark.long
async def test_resizing_keeps_everything_and_the_text() -> None:
    async with asking((200, 50)) as (app, pilot):
        await typed(app, pilot, *"4096")
        before = shown(app)
        for size in [(40, 10), (80, 24), (1, 1), (120, 40)]:
            await resize(pilot, *size)
            await answered(pilot)
        assert shown(app) == before
        assert app.query_one("#recall-digits", Input).value == "4096"
        assert app.query_one("#recall-question").has_class("panel")


def test_all_digits_differ_in_both_sizes() -> None:
    for form, height, width in ((small_digit, 3, 3), (large_digit, 5, 6)):
        drawn = [form(digit) for digit in range(10)]
        assert len({"\n".join(lines) for lines in drawn}) == 10
        assert all(len(lines) == height for lines in drawn)
        assert all(len(line) == width for lines in drawn for line in lines)
