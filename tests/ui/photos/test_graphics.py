"""Photos are drawn in the way that the user prefers, and in blocks where nothing else can be."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from rnn_tui.engine.preferences import GRAPHICS, Preferences
from rnn_tui.ui.photos import pictures


@pytest.mark.parametrize(
    ("graphics", "kind"),
    [("kitty", "TGPImage"), ("sixel", "SixelImage"), ("blocks", "HalfcellImage")],
)
def test_the_preference_decides_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, graphics: str, kind: str
) -> None:
    assert graphics in GRAPHICS
    pictures._import_blind()
    terminal: Any = SimpleNamespace(isatty=lambda: True)
    monkeypatch.setattr(sys, "__stdout__", terminal)
    app: Any = SimpleNamespace(
        is_headless=False, is_web=False, preferences=Preferences(graphics=graphics)
    )
    widget = sys.modules["textual_image.widget"]
    assert issubclass(pictures.image_class(app), getattr(widget, kind))
    app.is_headless = True
    assert pictures.image_class(app) is widget.HalfcellImage
