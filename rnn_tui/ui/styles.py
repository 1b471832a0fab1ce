"""Which style sheets the first frame needs, and the others, which are read behind it."""

from collections.abc import Sequence
from pathlib import Path

from textual.app import App

HERE = Path(__file__).parent
FIRST = tuple(
    HERE / name
    for name in (
        "app.tcss",
        "panels/training_view.tcss",
        "panes/base.tcss",
        "widgets/chart.tcss",
        "widgets/key_footer.tcss",
        "widgets/progress_line.tcss",
        "widgets/run_bar.tcss",
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
