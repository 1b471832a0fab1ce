"""The footer with the keys, on two lines where one is too short for all of them."""

from rich.cells import cell_len
from textual.app import ComposeResult

from rnn_tui.ui.textual_fixes import StableFooter

LINES = 2


class KeyFooter(StableFooter):
    """Textual's footer, in as many lines as it needs, up to two."""

    _needed = 0

    def compose(self) -> ComposeResult:
        """Compose the keys as Footer does."""
        keys = self.keys_to_compose()
        self._composed = keys if self._bindings_ready else ()
        yield from super().compose()
        shown = {binding.action: binding for binding, *_ in keys if binding.show}
        # A blank between key and description, another before the next key.
        self._needed = sum(
            cell_len(self.app.get_key_display(binding)) + cell_len(binding.description) + 2
            for binding in shown.values()
        )
        # Footer sets as many columns as there are keys.
        self.styles.grid_size_columns = -(-len(shown) // LINES)
        self._fold()

    def on_resize(self) -> None:
        """One line or two."""
        self._fold()

    def _fold(self) -> None:
        self.set_class(self._needed > self.app.size.width, "-folded")
