"""The footer with the keys, on two lines where one is too short for all of them."""

from textual.app import ComposeResult
from textual.widgets import Footer


class KeyFooter(Footer):
    """Textual's footer, its columns left to the stylesheet."""

    def compose(self) -> ComposeResult:
        """Compose the keys as Footer does."""
        yield from super().compose()
        # Footer sets one column a key in its inline styles, which no stylesheet can overrule.
        self.styles.clear_rule("grid_size_columns")
