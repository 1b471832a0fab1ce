"""The page of the configuration file, from where its entries are read."""

from rnn_tui.engine.preferences import ENTRIES, MOST_BYTES, as_toml
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.themes import HIGH_CONTRAST
from tests.reference_pages.markdown import MADE, code, table

HEAD = f"""\
# Configuration

{MADE}
What the app does the same way each time stands in one file, `config.toml`, in the user's
configuration folder: `~/.config/rnn-tui` on Linux, `~/Library/Application Support/rnn-tui` on macOS,
`%LOCALAPPDATA%\\rnn-tui\\rnn-tui` on Windows; directly below `RNN_TUI_HOME` where that is set.

```sh
rnn-tui config          # where the file lies, what holds, and what of it is the file's
rnn-tui config --json   # the same as one document
```

There is no file until you make one, or choose a theme in the app (Ctrl+P), which is then written into
it; your other lines and comments stay. All entries may be left out.

"""
TAIL = f"""\

An example with every entry:

```toml
theme = "textual-light"   # as Ctrl+P names them
graphics = "auto"         # how photos are drawn: auto, kitty, sixel, blocks
preset = "fast"           # what the forms begin with; where a task has no such preset, its own
device = "cpu"            # what the forms begin with: auto, cpu, cuda, mps
redraws = 4               # times a second that the app draws what trains, 1 to 10
alerts = false            # no ring when a run ends, fails, or has no new step for five minutes

[keys]
train = "J"
help = "f12,question_mark"
```

- **preset** and **device** are for the app's forms. `rnn-tui train` goes by its options alone, so
  that a script does the same everywhere.
- **redraws** costs training speed: of a loop of small networks, 84 % is left at 4 a second, 43 % at
  30.
- **alerts** ring the terminal's bell, and add a notification in iTerm2, kitty, WezTerm, Ghostty, foot
  and rxvt. Nothing rings while the terminal's window is in front. Terminals that don't tell whether it
  is get the bell only, as does tmux.
- **keys** are by what they mean; [Keys](keys.md) has the names. Several keys have commas between
  them; a key is a character, or a name such as `f5`, `ctrl+t`, `question_mark`. No key can mean two
  things, but two meanings can change places. Arrows, Enter, Space, Tab, Esc and the page keys stay as
  they are.

A wrong entry costs one sentence, on stderr or as a notice in the app, and the default is used. A file
that is no TOML, or has more than {MOST_BYTES:,} bytes, is not used and never written to.
"""


def page() -> str:
    """The page."""
    rows = []
    for name, one in ENTRIES.items():
        default = "" if one.default is None else code(as_toml(one.default))
        rows.append(
            (code(name), default, may_be(name, one.metadata["choices"]), one.metadata["words"])
        )
    return HEAD + table(("entry", "default", "may be", "what it is"), rows) + TAIL


def may_be(name: str, choices: object) -> str:
    """The values that an entry may have."""
    if name == "keys":
        return "a table of texts"
    if name == "theme":
        return f"a theme, as Ctrl+P names it, such as {code(as_toml(HIGH_CONTRAST.name))}"
    if name == "preset":
        found = dict.fromkeys(preset.name for task in TASKS.values() for preset in task.presets)
        return ", ".join(code(as_toml(one)) for one in found)
    if isinstance(choices, range):
        return f"a whole number from {choices[0]} to {choices[-1]}"
    assert isinstance(choices, tuple)
    return ", ".join(code(as_toml(one)) for one in choices)
