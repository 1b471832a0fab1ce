"""The help: what a tab is for, and the keys that hold, on at most two screens of 80×24."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.geometry import Size
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.ui.terminal.key_table import has_key, key
from rnn_tui.ui.terminal.textual_workarounds import Dialog

# Selectors: the classes themselves would be imported before the first frame.
CHARTS = "ChartBase"
FORM = "SettingsForm"
COLUMN_WIDTH = 34  # least cells of a column of keys
GAP = 2  # cells between columns, and between a key and its words
# Actions of several keys that are one line of the help, and what that says.
GROUPS = {
    "tab": "Go to a tab",
    "view": "Go to a view",
    "other_view": "Go to the previous or next view",
    "zoom": "Zoom in or out",
}


@dataclass(frozen=True)
class KeyHelp:
    """A line of the help."""

    keys: str  #: as shown.
    words: str  #: what they do.


IN_CHARTS = (
    KeyHelp("← →", "Move the cursor that reads values"),
    KeyHelp("Home End", "Read the first or last value"),
    KeyHelp("Esc", "Hide the cursor; leave full screen"),
    KeyHelp("click", "Read there; the wheel zooms there"),
)
IN_FORMS = (
    KeyHelp("Tab", "Next field; Shift+Tab: the previous one"),
    KeyHelp("Space", "Tick, open a list, train (Enter too)"),
)


def documented(screen: Screen[object]) -> list[tuple[Binding, DOMNode]]:
    """Return the documented keys of a screen, one for each action, with their widgets.

    Those of what is in front and has the focus come first, the app's last.
    """
    bindings: dict[tuple[DOMNode, str], Binding] = {}
    for active in screen.active_bindings.values():
        if active.node is not screen and active.binding.tooltip:
            bindings.setdefault((active.node, active.binding.action), active.binding)
    pairs = [(binding, node) for (node, _), binding in bindings.items()]
    return sorted(pairs, key=lambda pair: pair[1] is screen.app)


def key_sections(screen: Screen[object]) -> dict[str, list[KeyHelp]]:
    """Return the lines on the keys that hold on a screen, by the heading above them."""
    sections: dict[str, list[KeyHelp]] = {"In this view": []}
    if any(chart.is_on_screen for chart in screen.query(CHARTS)):
        sections["In a chart"] = list(IN_CHARTS)
    if any(form.is_on_screen for form in screen.query(FORM)):
        sections["In the form"] = list(IN_FORMS)
    groups: dict[tuple[str, str], list[Binding]] = defaultdict(list)
    for binding, node in documented(screen):
        if not has_key(binding):
            continue
        heading = "Everywhere" if node is screen.app else "In this view"
        name = binding.action.partition("(")[0]
        groups[heading, name if name in GROUPS else binding.action].append(binding)
    for (heading, name), bindings in groups.items():
        words = bindings[0].tooltip if len(bindings) == 1 else GROUPS[name]
        keys = _keys_in_words([screen.app.get_key_display(binding) for binding in bindings])
        sections.setdefault(heading, []).append(KeyHelp(keys, words))
    return sections


def _keys_in_words(shown: Sequence[str]) -> str:
    """Return the names of the keys of a line; of many the first and the last."""
    if len(shown) > 2:
        return f"{shown[0]} … {shown[-1]}"
    if shown[-1] in shown[0]:  # as in `+-`, which stands for both
        return shown[0]
    return " ".join(shown)


class HelpScreen(Dialog[None]):
    """Explanations in Markdown, and the keys on a screen."""

    AUTO_FOCUS = "#help"  # the arrow keys scroll at once
    BINDINGS = [Binding("escape", "dismiss", "Close"), key("help", "dismiss", "Close")]

    def __init__(self, text: str, screen: Screen[object]) -> None:
        """Create the help for a screen, with this text first."""
        super().__init__()
        self._text = text
        self.sections = key_sections(screen)
        #: what holds on the screen and has no key.
        self.by_name = [
            binding.description for binding, _ in documented(screen) if not has_key(binding)
        ]

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Help"
            scroll.border_subtitle = "Esc closes"
            from textual.widgets import Markdown  # slow, on use only

            yield Markdown(self._text)
            yield KeyColumns(self.sections)
            if self.by_name:
                names = ", ".join(self.by_name)
                words = f"Ctrl+P has all of this by name, and also: {names}."
                yield Static(words, classes="help-by-name", markup=False)


class KeyColumns(Widget):
    """Keys below headings, in as many columns as there is room for."""

    def __init__(self, sections: Mapping[str, Sequence[KeyHelp]]) -> None:
        super().__init__()
        self._sections = sections

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(list(self._lines(width)))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.size.width))

    def _lines(self, width: int) -> Iterator[Content]:
        for number, (heading, lines) in enumerate(self._sections.items()):
            if number:
                yield Content()
            yield Content.styled(heading, "bold $text-accent")
            yield from in_columns(lines, width)


def in_columns(lines: Sequence[KeyHelp], width: int) -> list[Content]:
    """Return keys with their words in columns, which are read from top to bottom.

    Args:
        lines: the keys.
        width: of all columns, in cells.
    """
    count = max(1, (width + GAP) // (COLUMN_WIDTH + GAP))
    column_width = (width - GAP * (count - 1)) // count
    keys_width = max((cell_len(line.keys) for line in lines), default=0)
    entries = [_entry(line, keys_width, column_width) for line in lines]
    columns = _balanced(entries, count)
    rows = []
    for index in range(max(map(len, columns), default=0)):
        cells = [column[index] if index < len(column) else Content() for column in columns]
        padded = [cell.pad_right(column_width - cell.cell_length) for cell in cells]
        rows.append(Content(" " * GAP).join(padded).rstrip())
    return rows


def _entry(line: KeyHelp, keys_width: int, width: int) -> list[Content]:
    """Return the rows of a key: its words are wrapped beside it."""
    words = wrap(line.words, max(1, width - keys_width - GAP)) or [""]
    keys = [line.keys, *[""] * len(words)]
    rows = []
    for name, text in zip(keys, words, strict=False):
        gap = " " * (keys_width - cell_len(name) + GAP)
        rows.append(Content.assemble((name, "bold"), gap, text))
    return rows


def _balanced(entries: Sequence[Sequence[Content]], count: int) -> list[list[Content]]:
    """Return entries in so many columns of about the same number of rows; none is split."""
    total = sum(map(len, entries))
    ends = [round(total * (number + 1) / count) for number in range(count)]
    columns: list[list[Content]] = [[] for _ in range(count)]
    done = 0
    for entry in entries:
        middle = done + len(entry) / 2
        column = next((number for number, end in enumerate(ends) if middle <= end), count - 1)
        columns[column].extend(entry)
        done += len(entry)
    return columns
