"""What is said of a file in the app: its groups, and no option of the shell."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rnn_tui.data
from rnn_tui.data.options import ReadingOptions
from rnn_tui.data.origin import Origin
from rnn_tui.engine.options import options_of
from rnn_tui.ui.sequences.data_view import facts_of
from rnn_tui.ui.sequences.wording import in_fields
from tests.data.examples import rising_or_falling

FOLDER = Path(rnn_tui.data.__file__).parent
OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")


def texts_with_options() -> Iterator[str]:
    """Yield the texts in the code of the readers that name options."""
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and OPTION.search(str(node.value)):
                yield str(node.value)


def test_all_options_in_sentences_on_files_have_words_in_the_app() -> None:
    texts = [*texts_with_options()]
    assert len(texts) > 20
    known = {option.shell_name.removeprefix("--") for option in options_of(ReadingOptions).values()}
    for text in texts:
        assert set(OPTION.findall(text)) <= known, text
        assert "--" not in in_fields(text)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Leave it out (--ignore).", "Leave it out (role “ignored”)."),
        ("Name its column (--label).", "Name its column (role “label”)."),
        (
            "Choose --goal step-class or --goal number.",
            "Choose “Answer: step class” or “Answer: number”.",
        ),
        ("(--goal next predicts the inputs)", "(“Answer: next steps” predicts the inputs)"),
        ("(--window cuts it)", "(“Pieces of” cuts it)"),
        ("say how (--delimiter)", "say how (“Between”)"),
        ("say --layout wide if", "say “Rows are: sequences” if"),
        ("from -- to - 5 -x a--b", "from -- to - 5 -x a--b"),
    ],
)
def test_options_become_fields(sentence: str, expected: str) -> None:
    assert in_fields(sentence) == expected


def test_what_is_known_of_a_data_set_names_its_groups() -> None:
    data_set = rising_or_falling()
    members = np.arange(data_set.count) % 5
    origin = Origin(groups=("[b]ann", "bob", "cy", "di", "eve"), members=members)
    assert "Groups" not in facts_of(data_set, []).plain
    text = facts_of(replace(data_set, origin=origin), []).plain
    assert "Groups\n5, of which" in text
    assert "([b]ann, bob, cy, di, eve)" in text
