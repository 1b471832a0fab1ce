"""Photos are drawn in the way that the user prefers, and in blocks where nothing else can be."""

from types import SimpleNamespace
from typing import Any

import pytest

from rnn_tui.engine.preferences import GRAPHICS, Preferences
from rnn_tui.ui.photos import pictures
from rnn_tui.ui.terminal_input import InputText, Replies
from rnn_tui.ui.textual_driver import SteadyDriver


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
