"""Every key of the app and what it means: one key, one meaning, wherever it holds.

A binding takes its key from here by the name of the meaning, so that no key can come to mean two
things. The names are what `keys` in the configuration file goes by, and `docs/reference/keys.md` is made from
this table. Arrows, Enter, Space, Esc, Home, End and the page keys act on what has the focus, as in
any program, and stand in no table. Within a field, where letters are typed, Alt with the key does
the same.
"""

from collections.abc import Mapping

from textual.binding import Binding

# Name: keys, what they mean everywhere.
KEYS: dict[str, tuple[str, str]] = {
    # From anywhere to anywhere.
    "home": ("f1,h", "Go to Home"),
    "help": ("question_mark", "Show the help"),
    "quit": ("q", "Quit"),
    "view-before": ("left_square_bracket,alt+pageup", "Go to the previous view"),
    "view-after": ("right_square_bracket,alt+pagedown", "Go to the next view"),
    **{f"view-{n}": (f"{n}", f"Go to view {n}") for n in range(1, 10)},
    "inside": ("z", "Look inside: the network reads what is chosen here"),
    # Training.
    "train": ("t", "Train"),
    "stop": ("s", "Stop"),
    "pause": ("p", "Pause, resume"),
    "go-on": ("g", "Go on with an interrupted run"),
    "form": ("f", "Go to the form and back; fold it"),
    "preset": ("F", "The next preset"),
    "log": ("G", "Show or fold the log"),
    "run": ("full_stop", "The next run"),
    "clear": ("x", "Clear ended runs, or the drawing"),
    # Charts.
    "chart": ("c", "One chart in full screen"),
    "charts": ("C", "All metrics as small charts"),
    "table": ("T", "The table: alone, hidden, or below the charts"),
    "metric": ("j", "The next metric or figure"),
    "smooth": ("m", "Smooth"),
    "log-axis": ("l", "Logarithmic axis"),
    "larger": ("plus,equals_sign", "Larger: zoom in, or a broader brush"),
    "smaller": ("minus", "Smaller: zoom out, or a finer brush"),
    "all": ("0", "Show all of it"),
    "spread": ("v", "Spread over seeds: min … max, or ± sd"),
    "axis": ("A", "Compare against epochs, steps or seconds"),
    # Asking and looking.
    "network": ("n", "The next network"),
    "other": ("i", "Another input"),
    "show": ("w", "Show the next kind"),
    "type": ("slash", "Go to the field"),
    "sort": ("b", "Sort another way"),
    "reverse": ("B", "Reverse the sort order"),
    "study": ("k", "Study the network over many inputs"),
    "layer": ("L", "The next layer"),
    "pixels": ("P", "Which pixels count"),
    "eraser": ("E", "Eraser in place of the pen, and back"),
    # What is kept.
    "copy": ("y", "Copy as text"),
    "undo": ("u,ctrl+z", "Undo"),
    "redo": ("U,ctrl+y", "Redo"),
    "export": ("e", "Export to files"),
    "open": ("o,ctrl+o", "Open files"),
    "hidden": ("H", "Show hidden files too"),
    "home-folder": ("tilde", "Go to your own folder"),
    "label": ("number_sign", "Label: the tags of a run, the digit of a photo"),
    "rename": ("r", "Rename"),
    "note": ("N", "Keep a note"),
    "delete": ("d,delete", "Delete"),
    "ask": ("a", "Let the weights of this run answer"),
    "unmark": ("X", "Remove all marks"),
}


def key(
    name: str, action: str, label: str, tooltip: str = "", *, show: bool = True,
    display: str | None = None,
) -> Binding:  # fmt: skip
    """A binding of a key of the table.

    Args:
        name: of the meaning in `KEYS`.
        action: what it does here.
        label: in the footer.
        tooltip: in the help and the palette; what the key means everywhere, if left out.
        show: whether the footer has it, where there is room.
        display: how the key is shown, if not by its own name.

    Raises:
        KeyError: where no key has that meaning.
    """
    keys, meaning = KEYS[name]
    return Binding(keys, action, label, show=show, key_display=display, tooltip=tooltip or meaning, id=name)


def moves(action: str, ways: Mapping[str, object]) -> list[Binding]:
    """Bindings of arrows and the like, which no footer shows: by key, what the action is called with."""
    return [Binding(keys, f"{action}({given})", show=False) for keys, given in ways.items()]
