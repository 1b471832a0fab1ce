"""Read and write packets of Textual's protocol, which a page's process exchanges through pipes.

A packet is its kind, one byte; the length of its data, four bytes, big-endian; and its data.
"""

import asyncio
import re

# the kinds of packets: what the terminal shows or is typed; a message in JSON; a piece of a file
TERMINAL = b"D"
META = b"M"
PACKED = b"P"
# what an app sends first
READY = b"__GANGLION__\n"
# bytes of what an app sends at once
MOST_PACKET = 1 << 24
PART = re.compile(rb"(?P<text>s?)(?P<size>\d{1,9}):")
# What is raised if a process, which a stranger may have led astray, sends what it should not.
NONSENSE = (
    ValueError,
    TypeError,
    RecursionError,
    asyncio.LimitOverrunError,
    TimeoutError,
)


def packet(kind: bytes, data: bytes) -> bytes:
    """Return a packet."""
    return kind + len(data).to_bytes(4, "big") + data


async def read_packet(stream: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """Read the kind and data of the next packet that an app has sent.

    Raises:
        IncompleteReadError: at the end of the stream.
        ValueError: if it is too long.
    """
    kind = await stream.readexactly(1)
    size = int.from_bytes(await stream.readexactly(4), "big")
    if size > MOST_PACKET:
        raise ValueError(f"a packet of {size} bytes")
    data = await stream.readexactly(size)
    return kind, data


def unpacked(data: bytes) -> tuple[str | bytes, ...]:
    """Return the texts and bytes in a packet's data, which is a tuple.

    Raises a ValueError for anything else.

    Textual packs a piece of a file in Bencode, to which it adds tuples, `t…e`, and texts, `s2:é`
    beside the bytes `2:é`. It has no public function for that, and nothing else is packed.
    """
    if data[:1] != b"t" or data[-1:] != b"e":
        raise ValueError("a packet that is no tuple")
    parts: list[str | bytes] = []
    position = 1
    end = len(data) - 1
    while position < end:
        head = PART.match(data, position)
        if head is None:
            raise ValueError("a part of a packet that is neither text nor bytes")
        position = head.end() + int(head["size"])
        if position > end:
            raise ValueError("a part of a packet that goes beyond its end")
        part = data[head.end() : position]
        parts.append(part.decode() if head["text"] else part)
    return tuple(parts)
