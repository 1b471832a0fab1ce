"""The footer with the keys, on two lines where one is too short for all of them."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Footer

LINES = 2


class KeyFooter(Footer):
    """Textual's footer, in as many lines as it needs, up to two."""

    _needed = 0
    _composed: Sequence[tuple[Binding, bool, str]] = ()

    def compose(self) -> ComposeResult:
        """Compose the keys as Footer does."""
        keys = self._to_compose()
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

    async def recompose(self) -> None:
        """Compose anew, unless it would be the same: most changes of focus change no key."""
        if self.is_attached and self._to_compose() != self._composed:
            await super().recompose()

    def _to_compose(self) -> Sequence[tuple[Binding, bool, str]]:
        """The keys that the footer is made of: binding, whether it can be used, tooltip."""
        return tuple(
            (active.binding, active.enabled, active.tooltip)
            for key, active in self.screen.active_bindings.items()
            if active.binding.show or key == self.app.COMMAND_PALETTE_BINDING
        )

    def on_resize(self) -> None:
        """One line or two."""
        self._fold()

    def _fold(self) -> None:
        self.set_class(self._needed > self.app.size.width, "-folded")
