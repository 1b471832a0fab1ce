"""What every command does with its streams: characters, colours, tables, progress, signals."""

import io
import re
import signal
import sys
import time

import pytest

from rnn_tui.cli.output import (
    INTERRUPTED,
    JsonResults,
    ProgressBar,
    console,
    print_pairs,
    print_table,
    stopped,
)
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.tables import columns_of_cells
from tests.cli.command_line import screen_after

EVIL = "\x1b[31m[red]x\t\n"


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True

    def screen(self) -> list[str]:
        """The lines on it that are not empty."""
        return [line for line in screen_after(self.getvalue().replace("\n", "\r\n")) if line]


def terminal_for(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in place of stdout and stderr; not a fixture, since pytest sets these anew."""
    out = Terminal()
    monkeypatch.setattr("sys.stdout", out)
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return out


def test_a_table_is_columns_on_a_terminal_and_tabs_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def show() -> None:
        print_table(columns_of_cells(("name", "n"), right=("n",)), [["a", "1"], ["[b]", "100"]])
        print_pairs([("name", EVIL)])

    show()
    pipe = capsys.readouterr().out.splitlines()
    assert pipe == ["name\tn", "a\t1", "[b]\t100", "name\t�[31m[red]x��"]
    terminal = terminal_for(monkeypatch)
    show()
    assert terminal.screen() == ["name    n", "a       1", "[b]   100", "name  �[31m[red]x��"]


def test_a_long_table_has_the_columns_of_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[f"run {number}", "日本" * (number % 3), str(number)] for number in range(20)]

    def shown() -> list[str]:
        terminal = terminal_for(monkeypatch)
        print_table(columns_of_cells(("name", "note", "step"), right=("step",)), rows)
        return terminal.screen()

    short = shown()
    monkeypatch.setattr("rnn_tui.cli.output.MOST_LAID_OUT", 10)
    assert shown() == short
    assert len(short) == 21


def test_no_color_means_none_and_bold_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    print_table(columns_of_cells(("name",)), [["a"]])
    assert "\x1b[1m" in terminal.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    monkeypatch.setattr("sys.stdout", plain)
    print_table(columns_of_cells(("name",)), [["a"]])
    console(plain).print("[bold red]x[/]")
    assert "\x1b" not in plain.getvalue()


def test_a_message_stands_above_the_bar_which_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_for(monkeypatch)
    with ProgressBar("reading", counted=True) as bar:
        bar.update(1, 2, note="5/s")
        bar.say("a [word]")
        with bar.away():
            print("a result")
    assert "reading" in terminal.getvalue()
    assert terminal.screen() == ["rnn-tui: a [word]", "a result"]


def test_without_a_terminal_there_are_messages_only(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar("reading") as bar:
        bar.update(1, 2)
        bar.say("a word")
    assert tuple(capsys.readouterr()) == ("", "rnn-tui: a word\n")


def test_one_document_is_written_as_results_come() -> None:
    out = io.StringIO()
    results = JsonResults(out, {"source": "x"}, lambda value: {"a": value})
    results.show([1])
    results.show([2, None])
    results.end(summary={"n": 3})
    assert out.getvalue() == (
        '{"weights": {"source": "x"},\n"results": [\n{"a": 1},\n{"a": 2},\n{"a": '
        'null}\n],\n"summary": {"n": 3}}\n'
    )
    empty = io.StringIO()
    JsonResults(empty, {}, dict).end()
    assert empty.getvalue() == '{"weights": {},\n"results": [\n]}\n'


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_for_an_end_and_a_second_one_makes_it(number: signal.Signals) -> None:
    handler_before, asked = signal.getsignal(number), []
    with stopping_on_signals(asked.append) as received:
        signal.raise_signal(number)
        assert received == asked == [number]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert stopped(received) == 128 + number
    assert stopped([]) == INTERRUPTED
    assert signal.getsignal(number) is handler_before


def test_a_bar_says_how_long_the_rest_will_take(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_for(monkeypatch)
    with ProgressBar("reading", counted=True) as bar:
        progress = Progress(bar.show)
        progress.advance(0, 4)
        time.sleep(0.01)  # or the clock has not moved
        progress.advance(1)
    assert re.search(r"reading .*1/4.*\d:\d\d left", terminal.getvalue())
