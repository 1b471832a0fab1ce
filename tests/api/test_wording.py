"""No sentence that a Python user meets names an option of the shell where an argument is meant."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import rnn_tui
from rnn_tui.api.wording import in_arguments
from rnn_tui.archive.export.formats import Export
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.options import Option, options_of
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.sweeps.options import SweepOptions

PACKAGE = Path(rnn_tui.__file__).parent
#: the rooms whose sentences reach Python, and the function that says which arguments there are.
ROOMS = ("data", "sweeps", "networks/foreign", "inside/own/network.py")
ARGUMENTS = frozenset(inspect.signature(rnn_tui.load_network).parameters)
#: what is said of a command: a machine's, or of the shell alone.
OF_THE_SHELL = ("--nthreads", "--trust")
ROWS = [
    option
    for record in (ReadingOptions, SweepOptions, Export)
    for option in options_of(record).values()
]


def sentences() -> Iterator[str]:
    """Yield the texts in code that name options."""
    for room in ROOMS:
        place = PACKAGE / room
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Constant) and re.search("--[a-z]{2}", str(node.value)):
                    yield str(node.value)


def test_sentences_in_code_name_arguments() -> None:
    texts = [*sentences()]
    assert len(texts) > 40
    for text in texts:
        left = re.findall(
            "--[a-z-]+", re.sub("rnn-tui [^;,.)`]*", "", in_arguments(text, ARGUMENTS))
        )
        assert set(left) <= {*OF_THE_SHELL}, text


@pytest.mark.parametrize("option", ROWS, ids=lambda option: option.name)
def test_each_row_has_its_argument(option: Option) -> None:
    shell = option.shell_name
    assert in_arguments(f"Name it ({shell}).") == f"Name it ({option.name})."
    assert in_arguments(f"say {shell}, or not") == f"say {option.name}, or not"
    assert in_arguments(f"{shell} or by") == f"{option.name} or by"
    for choice in option.choices:
        if re.fullmatch("[a-z-]+", str(choice)):
            assert in_arguments(f"say {shell} {choice}.") == f'say {option.name}="{choice}".'


def test_settings_are_named_as_train_has_them() -> None:
    for setting in SETTINGS.values():
        words = in_arguments(f"say {setting.option_names[-1]}.")
        assert words.removeprefix("say ").removesuffix(".") in SETTINGS


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("say --group subject if no", 'say group="subject" if no'),
        ("(--window cuts them)", "(window cuts them)"),
        ("add --search tpe --trials N.", 'add search="tpe" trials.'),
        ("give --grid NAME=VALUE,VALUE or", "give grid or"),
        ("with --gradient-inputs 32.", "with gradient_inputs=32."),
        (
            "rnn-tui train recall --lengths 3 trains it",
            "rnn-tui train recall --lengths 3 trains it",
        ),
        ("from -- to - 5 -x a--b --other", "from -- to - 5 -x a--b --other"),
    ],
)
def test_options_become_arguments(sentence: str, expected: str) -> None:
    assert in_arguments(sentence) == expected


def test_errors_and_notes_name_arguments(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n" * 5)
    with pytest.raises(rnn_tui.UserError, match=r"\(label\)"):
        rnn_tui.read_sequences(path, goal="class")
    with pytest.raises(rnn_tui.UserError, match=r"\(split_column\)"):
        rnn_tui.read_sequences(path, split_column="c")
    series = rnn_tui.sequences(np.sin(np.arange(300.0)))
    assert "context" in str(series)
    assert "--" not in f"{series} {series.notes}"
