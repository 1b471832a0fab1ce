"""What a page packs is read as Textual packs it; what makes no sense is refused."""

import pytest
from textual._binary_encode import dump

pytest.importorskip("aiohttp")

from rnn_tui.web.packets import unpacked

MESSAGES = [
    ("deliver_chunk", "k1", b"\x00e:s3"),
    ("deliver_chunk", "k1", "é"),
    ("", b"", "e"),
    (),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_tuple_of_texts_and_bytes_comes_as_it_was_packed(
    message: tuple[str | bytes, ...],
) -> None:
    assert unpacked(dump(message)) == message


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"t",
        b"e",
        b"s1:a",
        b"ts1:a",
        b"ts5:ae",
        b"t5:ae",
        b"t:ae",
        b"t1ae",
        b"t-1:e",
        b"t9999999999:ae",
        b"ts1:\xffe",
        dump(("deliver_chunk", ("k1", b"a"))),
        dump(["k1"]),
        dump(("k1", 7)),
    ],
)
def test_anything_else_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match=r"packet|utf-8"):
        unpacked(packet)
