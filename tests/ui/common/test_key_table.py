"""One key, one meaning: held against every binding of the app."""

import pytest
from textual.screen import ModalScreen

from rnn_tui.ui.app.tabs import all_tabs, bindings
from rnn_tui.ui.common.key_table import KEYS
from tests.reference_pages.keys import bound

# What these do is what they do in any program: act on, move in or leave what has the focus.
NATURAL = {
    "enter",
    "space",
    "escape",
    "tab",
    "up",
    "down",
    "left",
    "right",
    "home",
    "end",
    "pageup",
    "pagedown",
    "backspace",
}
KEPT_BY_BROWSERS = {"ctrl+n", "ctrl+t", "ctrl+r", "ctrl+w", "ctrl+l", "f5", "f11"}


def test_a_key_of_the_table_has_one_meaning() -> None:
    keys = [key for keys, _ in KEYS.values() for key in keys.split(",")]
    keys += [binding.key for binding in bindings(all_tabs()) if binding.id is None]
    assert len(keys) == len(set(keys))


def test_every_key_is_from_the_table() -> None:
    for owner, binding in bound():
        for key in binding.key.split(","):
            if key.rpartition("+")[2] in NATURAL and "alt" not in key:
                continue
            if key.isdigit() and issubclass(owner, ModalScreen):  # typed into it
                continue
            assert binding.id in KEYS or key == "ctrl+q", (owner.__name__, binding)
        if binding.id:
            assert binding.key == KEYS[binding.id][0], (owner.__name__, binding)


def test_no_key_that_browsers_keep_stands_alone() -> None:
    for keys, _ in KEYS.values():
        assert set(keys.split(",")) - KEPT_BY_BROWSERS, keys


@pytest.mark.parametrize("name", sorted(KEYS))
def test_every_meaning_is_used(name: str) -> None:
    of_tabs = bindings(all_tabs())
    assert name in {binding.id for binding in [*of_tabs, *(binding for _, binding in bound())]}
