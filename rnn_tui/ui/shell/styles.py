"""Which style sheets the first frame needs, and the others, which are read behind it."""

from collections.abc import Sequence
from pathlib import Path

from textual.app import App

HERE = Path(__file__).parent.parent
FIRST = tuple(
    HERE / name
    for name in (
        "shell/app.tcss",
        "training/training_view.tcss",
        "training/pane.tcss",
        "chart/chart.tcss",
        "shell/key_footer.tcss",
        "training/progress_line.tcss",
        "training/run_bar.tcss",
    )
)
ALL = tuple(sorted(HERE.rglob("*.tcss")))


# Where the others are from, as far as Textual is concerned.
OTHERS = (str(HERE), "*.tcss")


def text(paths: Sequence[Path] = ALL) -> str:
    """These style sheets as one.

    Textual keeps 64 sources parsed; of more, it parses every one again for each new widget.
    """
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def read_others(app: App[object]) -> None:
    """Let `app` know all styles, before it makes what the first frame does not show."""
    if not app.stylesheet.has_source(*OTHERS):
        app.stylesheet.add_source(text([path for path in ALL if path not in FIRST]), OTHERS)
