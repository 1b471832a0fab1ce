"""Photos are drawn in the way that the user prefers, and in blocks where nothing else can be."""

import io
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from rich.console import Console
from rich.segment import Segment

from rnn_tui.engine.preferences import GRAPHICS, Preferences
from rnn_tui.ui.photos import pictures
from rnn_tui.ui.terminal.terminal_input import InputText, Replies
from rnn_tui.ui.terminal.textual_driver import SteadyDriver


@pytest.mark.parametrize(
    ("graphics", "reply", "kind"),
    [
        ("kitty", "", "TGPImage"),
        ("sixel", "", "SixelImage"),
        ("blocks", "\x1b[?62;4c", "HalfcellImage"),
        ("auto", "\x1b[?62;4c", "SixelImage"),
        ("auto", "\x1b_Gi=1;OK\x1b\\\x1b[?62c", "TGPImage"),
        ("auto", "\x1b_Gi=1;ENOTSUPPORTED\x1b\\\x1b[?62c", "HalfcellImage"),
        ("auto", "", "HalfcellImage"),
    ],
)
def test_the_preference_decides_on_a_terminal_or_what_that_has_answered(
    monkeypatch: pytest.MonkeyPatch, graphics: str, reply: str, kind: str
) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    assert graphics in GRAPHICS
    replies = Replies()
    assert InputText(replies).feed(reply) == ""
    monkeypatch.setattr(SteadyDriver, "terminal", SimpleNamespace(replies=replies), raising=False)
    app: Any = SimpleNamespace(
        is_headless=False, is_web=False, preferences=Preferences(graphics=graphics)
    )
    widget = pictures._textual_image(replies)
    assert issubclass(pictures.image_class(app), getattr(widget, kind))
    app.is_headless = True
    assert pictures.image_class(app) is widget.HalfcellImage


def test_a_picture_for_kitty_is_sent_as_large_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures._textual_image(None)
    from rnn_tui.ui.photos.kitty import SmallKittyImage  # noqa: PLC0415 - not before that

    sent = io.StringIO()
    monkeypatch.setattr(sys, "__stdout__", sent)
    noise = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    shown: Any = SmallKittyImage._Renderable(Pillow.fromarray(noise), 200, 75)
    drawn = Segment.split_lines(Console(width=240, height=80).render(shown))
    assert len(list(drawn)) == 75
    messages = sent.getvalue()
    assert "c=200,r=75" in messages
    assert len(messages) < 30_000
