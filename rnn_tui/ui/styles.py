"""Which style sheets the first frame needs, and the others, which are read behind it."""

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


def read_others(app: App[object]) -> None:
    """Let `app` know all styles, before it makes what the first frame does not show."""
    if not app.stylesheet.has_source(str(ALL[-1])):
        app.stylesheet.read_all([path for path in ALL if path not in FIRST])
