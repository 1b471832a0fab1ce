"""The page of the configuration file, from the module that reads its entries."""

from rnn_tui.engine.preferences import ENTRIES, MOST_BYTES, as_toml
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.themes import HIGH_CONTRAST
from tests.reference_pages.markdown import MADE, code, table

HEAD = f"""\
# Configuration

{MADE}
Permanent settings of the app are in a file `config.toml` in the user's configuration folder:
`~/.config/rnn-tui` on Linux, `~/Library/Application Support/rnn-tui` on macOS and
`%LOCALAPPDATA%\\rnn-tui\\rnn-tui` on Windows. If `RNN_TUI_HOME` is set, the file is in that folder.

```sh
rnn-tui config          # the path of the file, the current values, and where each comes from
rnn-tui config --json   # the same as one JSON document
```

The file does not exist until you create it, or choose a theme in the app (Ctrl+P). The app writes the
theme into it and leaves your other lines and comments as they are. All entries are optional.

"""
TAIL = f"""\

An example with every entry:

```toml
theme = "textual-light"   # a name from Ctrl+P
graphics = "auto"         # how photos are drawn: auto, kitty, sixel, blocks
preset = "fast"           # the initial preset of the forms; a task without it uses its own
device = "cpu"            # the initial device of the forms: auto, cpu, cuda, mps
redraws = 4               # how often per second training is redrawn, 1 to 10
alerts = false            # no alert when a run ends, fails, or makes no step for five minutes
language = "de"           # the language of guided experiments: auto, en, de

[keys]
train = "J"
guide = "Y"
help = "f12,question_mark"
```

- **preset** and **device** apply to the app's forms. `rnn-tui train` uses its options only, so that a
  script does the same everywhere.
- **redraws** costs training speed: a loop of small networks keeps 84 % of its speed at 4 redraws a
  second, and 43 % at 30.
- **alerts** ring the terminal's bell, and show a notification in iTerm2, kitty, WezTerm, Ghostty, foot
  and rxvt. There is no alert while the terminal's window has the focus. Terminals that do not report
  the focus get the bell only; so does tmux.
- **keys** assigns keys to meanings; [Keys](keys.md) has the names. Separate several keys by commas. A
  key is a character or a name such as `f5`, `ctrl+t` or `question_mark`. A key cannot have two
  meanings, but two meanings can swap their keys. Commands without a key can be given one. The
  arrow keys, `h` `j` `k` `l`, Enter, Space, Tab, Esc and the page keys cannot be changed.

A wrong entry is reported on stderr or as a notice in the app, and its default is used. A file that is
not TOML, or is larger than {MOST_BYTES:,} bytes, is ignored and never written to.
"""


def page() -> str:
    """The page."""
    rows = []
    for name, entry in ENTRIES.items():
        default = "" if entry.default is None else code(as_toml(entry.default))
        rows.append(
            (
                code(name),
                default,
                values_of(name, entry.metadata["choices"]),
                entry.metadata["words"],
            )
        )
    return HEAD + table(("entry", "default", "values", "meaning"), rows) + TAIL


def values_of(name: str, choices: object) -> str:
    """The values that an entry may have."""
    if name == "keys":
        return "a table of texts"
    if name == "theme":
        return f"a theme, as Ctrl+P names it, such as {code(as_toml(HIGH_CONTRAST.name))}"
    if name == "preset":
        presets = [preset for task in TASKS.values() for preset in task.presets]
        return ", ".join(code(as_toml(name)) for name in dict.fromkeys(p.name for p in presets))
    if isinstance(choices, range):
        return f"a whole number from {choices[0]} to {choices[-1]}"
    assert isinstance(choices, tuple)
    return ", ".join(code(as_toml(choice)) for choice in choices)
