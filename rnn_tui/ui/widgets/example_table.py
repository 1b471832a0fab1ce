"""A table that ships, which shows what an empty one will hold."""

from textual.content import Content

from rnn_tui.engine.errors import printable
from rnn_tui.engine.files.paths import asset_dir

MOST_ROWS = 10
LONGEST = 4000  # characters that are read of a file


def example_table(name: str) -> Content:
    """Return the table of an example, dimmed and with its columns aligned; empty if it is missing.

    Args:
        name: of the file in `assets/examples`, without its ending.
    """
    try:
        with (asset_dir() / "examples" / f"{name}.tsv").open(encoding="utf-8") as file:
            text = file.read(LONGEST)
    except (OSError, ValueError):
        return Content("")
    lines = text.splitlines()[: MOST_ROWS + 1]
    rows = [[printable(cell) for cell in line.split("\t")] for line in lines]
    widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
    aligned = ["  ".join(map(str.ljust, row, widths)) for row in rows]
    width = max(map(len, aligned), default=0)
    return Content.assemble(
        (" Example ", "bold reverse"),
        (f"{'':<{max(0, width - 9)}}\n", ""),
        ("\n".join(aligned), "$foreground 50%"),
    )
