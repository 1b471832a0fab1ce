"""Files of tagged sentences: what is a token, what is its tag, and what is no such file."""

import pytest

from rnn_tui.data.columns import Role
from rnn_tui.data.options import Goal
from rnn_tui.engine.errors import DataError
from tests.data.reading import Read, notes, roles

SENTENCES = [
    "-DOCSTART- O",
    "",
    *("Anna NNP B-PER", "saw VBD O", "nan NN O", ". . O", "", "Yes UH O", ""),
    *("In IN O", "New NNP B-LOC", "York NNP I-LOC", "it PRP O", "# NN O", "rains VBZ O", ". . O"),
]
TAGGED = "\n".join([*SENTENCES[2:], ""] * 4)


@pytest.mark.parametrize("name", ["ner.conll", "ner.txt", "ner.testa", "ner"])
@pytest.mark.parametrize("between", [" ", "\t"])
def test_a_line_is_a_token_and_its_last_column_the_tag(read: Read, name: str, between: str) -> None:
    understanding = read(TAGGED.replace(" ", between), name=name)
    data_set = understanding.data_set
    assert understanding.format == "CoNLL, UTF-8, 3 columns"
    assert roles(understanding) == [Role.INPUT, Role.IGNORED, Role.LABEL]
    assert data_set.description.goal is Goal.STEP_CLASS
    assert data_set.description.outputs == ("B-LOC", "B-PER", "I-LOC", "O")
    assert data_set.lengths.tolist() == [4, 1, 7] * 4
    alphabet = data_set.description.alphabet
    words = [alphabet[int(place)] for place in data_set.sequence(2)[:, 0]]
    assert words == ["In", "New", "York", "it", "#", "rains", "."]
    tags = [data_set.description.outputs[tag] for tag in data_set.target(2)]
    assert tags == ["O", "B-LOC", "I-LOC", "O", "O", "O", "O"]
    assert "nan" in alphabet  # a word, and no missing number
    assert "token is read, and tag, the last column, is learned" in notes(understanding)


def test_lines_between_documents_and_comments_are_no_tokens(read: Read) -> None:
    commented = "# a comment of many words\n" + "\n".join(SENTENCES) + "\n\n" + TAGGED
    understanding = read(commented.replace("-DOCSTART- O", "-DOCSTART- -X- O"), "ner.conll")
    assert understanding.data_set.count == 15


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_any_encoding_and_line_end_will_do(read: Read, encoding: str) -> None:
    content = TAGGED.replace("Anna", "Zoë").replace("\n", "\r\n").encode(encoding)
    data_set = read(content, name="ner.txt").data_set
    assert data_set.lengths.tolist() == [4, 1, 7] * 4
    assert "Zoë" in data_set.description.alphabet


def test_another_column_is_learned_if_it_is_named(read: Read) -> None:
    understanding = read(TAGGED, name="ner.conll", label="column 2")
    assert roles(understanding) == [Role.INPUT, Role.LABEL, Role.IGNORED]
    assert "NNP" in understanding.data_set.description.outputs


def test_the_part_of_speech_of_universal_dependencies_is_learned(read: Read) -> None:
    sentence = [
        "# text = Vámonos al mar",
        "1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_",
        "1\tVamos\tir\tVERB\t_\t_\t0\troot\t_\t_",
        "2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\t_",
        "3\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\t_",
        "",
    ]
    for name in ("es.conllu", "es.txt"):
        understanding = read("\n".join(sentence * 5), name=name)
        assert understanding.data_set.lengths.tolist() == [3] * 5
        assert understanding.data_set.description.alphabet == ("Vamos", "mar", "nos")
        assert understanding.data_set.description.outputs == ("NOUN", "PRON", "VERB")
        assert "5 lines that join or split tokens" in notes(understanding)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("Anna B-PER\nsaw\n\n", r"Line 2 of x\.conll has 1 column and the lines before it 2"),
        ("Anna\nsaw\n\n", r"Line 1 of x\.conll has one column only"),
        ("\n\n", r"x\.conll has no tokens"),
    ],
)
def test_what_is_no_tagged_sentence_is_refused(read: Read, content: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        read(content, name="x.conll")


def test_tables_with_blank_lines_stay_tables(read: Read) -> None:
    numbers = "\n".join(f"{row} {row % 3}" if row % 5 else "" for row in range(60))
    assert read(numbers, name="x.txt").format.startswith("CSV")
    tagged = "\n".join("\t".join(line.split()[::2]) for line in TAGGED.split("\n"))
    assert read(f"word\ttag\n{tagged}", name="x.tsv").format.startswith("TSV")
