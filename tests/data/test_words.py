"""Texts read word by word: one rule everywhere, and a vocabulary of the training part alone."""

from pathlib import Path

import numpy as np
import pytest

from rnn_tui.data.data_set import TRAINING
from rnn_tui.data.description import MOST_WORDS, UNKNOWN_WORD, Description
from rnn_tui.data.options import Goal, Layout, Tokens
from rnn_tui.data.words import words_of
from rnn_tui.engine.errors import DataError
from tests.data.reading import Read, reader_in
from tests.data.test_new_files import applied


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return reader_in(tmp_path)


def reviews(count: int = 60) -> str:
    """A table of texts, each with a word that no other has."""
    rows = [
        f'"A {"Fine" if index % 2 else "dull"} film, isn\'t it? own{index}",{index % 2}x'
        for index in range(count)
    ]
    return "\n".join(["text,label", *rows, ""])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's GREAT, 10/10!", ["it's", "great", ",", "10", "/", "10", "!"]),
        ("l’été  d'Ana_B", ["l’été", "d'ana", "_", "b"]),
        ("'quoted' —x", ["'", "quoted", "'", "—", "x"]),
        ("東京タワー <unknown>", ["東", "京", "タ", "ワ", "ー", UNKNOWN_WORD]),
        ("नमस्ते दुनिया, สวัสดี", ["नमस्ते", "दुनिया", ",", "ส", "วั", "ส", "ดี"]),
        ("cafe\u0301 caf\u00e9 می\u200cخواهم", ["café", "café", "میخواهم"]),
        ("ok 👍🏽👨\u200d👩\ufe0f!", ["ok", "👍", "🏽", "👨", "👩", "!"]),
        (" \t\n", []),
    ],
)
def test_words_are_letters_and_digits_with_apostrophes_inside(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_long_or_unprintable_word_is_bounded() -> None:
    assert all(len(word) <= 60 and word.isprintable() for word in words_of("a" * 10**5 + " \x1b"))


def test_the_vocabulary_is_that_of_training_without_words_seen_once(read: Read) -> None:
    data_set = read(reviews(), tokens=Tokens.WORDS).data_set
    description = data_set.description
    assert (description.goal, description.words) == (Goal.CLASS, True)
    common = {"a", "fine", "dull", "film", ",", "isn't", "it", "?"}
    assert description.alphabet[0] == UNKNOWN_WORD
    assert set(description.alphabet[1:]) == common
    for index in range(60):
        assert data_set.sequence(index)[-1, 0] == 0  # its own word
    assert Description.from_dict(description.to_dict()) == description


def test_a_word_that_training_lacks_is_unknown_however_often_the_test_has_it(read: Read) -> None:
    rows = [f"w{index % 2} w{index % 2},c{index % 2}" for index in range(40)]
    first = read(
        "\n".join(["text,label", *rows, ""]), layout=Layout.WIDE, tokens=Tokens.WORDS
    ).data_set
    outside = np.flatnonzero(first.parts != TRAINING)
    for index in outside:
        rows[index] = f"w{index % 2} elsewhere,c{index % 2}"
    again = read(
        "\n".join(["text,label", *rows, ""]), layout=Layout.WIDE, tokens=Tokens.WORDS
    ).data_set
    assert np.array_equal(again.parts, first.parts)
    assert again.description.alphabet == first.description.alphabet
    assert all(again.sequence(index)[1, 0] == 0 for index in outside)


def test_a_vocabulary_has_a_bound(read: Read) -> None:
    texts = [" ".join(f"w{at}x{number}" for number in range(700)) for at in range(30)]
    rows = [f"{text},{'yn'[at % 2]}" for at, text in enumerate(texts) for _ in range(8)]
    content = "\n".join(["text,label", *rows, ""])
    words = read(content, layout=Layout.WIDE, tokens=Tokens.WORDS).data_set.description.alphabet
    assert len(words) == MOST_WORDS == 20_000


def test_a_new_file_is_read_by_the_same_words(read: Read, tmp_path: Path) -> None:
    data_set = read(reviews(), tokens=Tokens.WORDS).data_set
    path = tmp_path / "new.csv"
    path.write_text('text\n"a FINE film, zzz!"\n', encoding="utf-8")
    sequences, remarks = applied(data_set, path)
    assert "2 of 6 words are unknown, read as <unknown>." in remarks.notes
    alphabet = data_set.description.alphabet
    read_words = [alphabet[int(place)] for place in sequences.values[:, 0]]
    assert read_words == ["a", "fine", "film", ",", UNKNOWN_WORD, UNKNOWN_WORD]


def test_tokens_of_sentences_are_words_as_well(read: Read) -> None:
    lines = [f"The DET\nn{index} NOUN\nRuns VERB\n" for index in range(30)]
    description = read("\n".join(lines), "tagged.conll", tokens=Tokens.WORDS).data_set.description
    assert sorted(description.alphabet) == [UNKNOWN_WORD, "runs", "the"]
    assert description.goal is Goal.STEP_CLASS


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        ("x,y\n" + "1,2\n3,4\n" * 30, "numbers.csv", "is for one column of text"),
        ("A plain text as it is.\n" * 30, "plain.txt", "next word of a text is not learned"),
        (
            "\n".join(["text,label", *(f"o{at} p{at},{'yn'[at % 2]}" for at in range(40)), ""]),
            "rare.csv",
            "No word occurs twice",
        ),
    ],
)
def test_words_are_refused_where_there_are_none_to_read(
    content: str, name: str, sentence: str, read: Read
) -> None:
    with pytest.raises(DataError, match=sentence):
        read(content, name, tokens=Tokens.WORDS)
