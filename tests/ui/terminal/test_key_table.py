"""One key, one meaning: held against every binding of the app."""

import pytest
from textual.screen import ModalScreen

from rnn_tui.ui.app.tabs import all_tabs, bindings
from rnn_tui.ui.terminal.key_table import KEYS, MOVES, NO_KEY_PREFIX
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


# The meanings that several actions share, since they do the same to different things.
SAME_MEANING = {
    "stop": {"stop", "request"},  # a run here, a run of another process
    "pause": {"pause", "request"},
    "go-on": {"resume", "go"},
    "train": {"train", "go"},  # what the form says, after Home has filled it in
    "form": {"focus_form", "to_form"},
    "metric": {"metric", "next_metric", "figure", "next_analysis", "axis"},
    "larger": {"zoom", "brush"},
    "smaller": {"zoom", "brush"},
    "network": {"network", "next_network", "next_variant", "next_seed"},
    "other": {"other", "draw"},
    "show": {"show", "next_quantity", "hidden"},
    "type": {"type", "filter"},
    "sort": {"sort", "sort_units"},
    "export": {"export", "apply"},  # answers to a file are written, too
    "open": {"open", "use", "compare", "choose_paper"},
    "label": {"label", "change_tags"},
    "delete": {"delete", "clear", "on_pad"},
}
MOST_MEANINGS = 40  # of single keys; the keys of views count as one


def test_a_key_of_the_table_has_one_meaning() -> None:
    keys = [key for keys, _ in KEYS.values() for key in keys.split(",")]
    keys += [binding.key for binding in bindings(all_tabs()) if binding.id is None]
    keys += MOVES
    assert len(keys) == len(set(keys))


def test_there_are_few_keys_to_learn() -> None:
    names = {"view" if name[:-1] == "view-" else name for name in KEYS if has_key(name)}
    assert len(names) <= MOST_MEANINGS


def has_key(name: str) -> bool:
    return not KEYS[name][0].startswith(NO_KEY_PREFIX)


def test_a_binding_without_a_key_is_in_no_footer() -> None:
    for owner, binding in bound():
        if binding.id and not has_key(binding.id):
            assert not binding.show, (owner.__name__, binding)
            assert binding.tooltip, (owner.__name__, binding)  # what the palette says


def test_actions_of_one_key_are_of_one_kind() -> None:
    """What a key does in several places is told by one verb: these are all that differ."""
    actions: dict[str, set[str]] = {}
    for owner, binding in bound():
        if issubclass(owner, ModalScreen) and binding.action.startswith("dismiss"):
            continue  # answers its question
        if binding.id and has_key(binding.id) and not binding.id.startswith("view-"):
            actions.setdefault(binding.id, set()).add(binding.action.partition("(")[0])
    assert {name: found for name, found in actions.items() if len(found) > 1} == SAME_MEANING


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
