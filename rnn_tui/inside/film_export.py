"""A film as a moving picture (GIF), or as a recording of a terminal that asciinema plays (asciicast, version 2)."""

import io
import json
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.palette import DARK_PALETTE
from rnn_tui.inside.trace import Trace

# Below zero, above it; pixels of a value and of the margin; seconds of a moment, and of the last one.
BELOW, ABOVE = (np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) for colour in DARK_PALETTE[:2])
CELL, MARGIN, SECONDS, LAST_SECONDS = 14, 24, 0.5, 3.0
Frame = tuple[float, Trace]


def _states(trace: Trace) -> npt.NDArray[np.uint8]:
    """The colours (H, T, 3) of the states of the layer that is read out, a unit a row in the order of its number."""
    values = next(layer.states for layer in reversed(trace.layers) if layer.read_out).T[:, :, None]
    coloured: npt.NDArray[np.uint8] = (np.where(values < 0, BELOW, ABOVE) * np.abs(values).clip(0, 1)).astype(np.uint8)
    return coloured


def _words(epoch: float, trace: Trace) -> str:
    """Of a moment: when it is, and what the network says."""
    if trace.every_step:
        return f"epoch {epoch:.3g}: {''.join(trace.answer_word(step) for step in reversed(range(trace.steps)))}"
    return f"epoch {epoch:.3g}: {trace.answer_word(trace.steps - 1)}, {100 * trace.sureness(trace.steps - 1):.1f} %"


def as_gif(frames: Iterable[Frame]) -> bytes:
    """A picture a moment: states over steps, and in words when it is and what the network says."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - on use only

    pictures = []
    for epoch, trace in frames:
        cell = max(2, min(CELL, 600 // trace.steps, 600 // len(states := _states(trace))))
        height, width = len(states) * cell, trace.steps * cell
        picture = Image.new("RGB", (max(width, 240) + 2 * MARGIN, height + 3 * MARGIN), "black")
        picture.paste(Image.fromarray(states).resize((width, height), Image.Resampling.NEAREST), (MARGIN, 2 * MARGIN))
        ImageDraw.Draw(picture).text((MARGIN, MARGIN // 2), _words(epoch, trace), "white")
        pictures.append(picture)
    buffer, durations = io.BytesIO(), [round(1000 * SECONDS)] * (len(pictures) - 1) + [round(1000 * LAST_SECONDS)]
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)
    return buffer.getvalue()


def as_cast(frames: Iterable[Frame]) -> bytes:
    """The same in a terminal: two units a line, each half a character high."""
    lines, size = [], (80, 24)
    for at, (epoch, trace) in enumerate(frames):
        states, wide = _states(trace), max(1, min(4, 100 // trace.steps))
        rows = np.pad(states, ((0, len(states) % 2), (0, 0), (0, 0)))
        text = "\x1b[H\x1b[2J" + _words(epoch, trace)
        for upper, lower in zip(rows[::2], rows[1::2], strict=True):
            cells = zip(upper.tolist(), lower.tolist(), strict=True)
            drawn = (f"\x1b[38;2;{r};{g};{b};48;2;{x};{y};{z}m" + "▀" * wide for (r, g, b), (x, y, z) in cells)
            text += "\r\n" + "".join(drawn) + "\x1b[0m"
        size = (max(size[0], wide * trace.steps), max(size[1], len(rows) // 2 + 2))
        lines.append(json.dumps([at * SECONDS, "o", text]))
    lines.append(json.dumps([(len(lines) - 1) * SECONDS + LAST_SECONDS, "o", "\r\n"]))
    return "\n".join([json.dumps({"version": 2, "width": size[0], "height": size[1]}), *lines, ""]).encode()


FORMATS = {".gif": as_gif, ".cast": as_cast}
