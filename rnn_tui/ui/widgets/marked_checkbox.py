"""A checkbox whose state is seen without colour."""

from textual.widgets import Checkbox


class MarkedCheckbox(Checkbox):
    """A compact checkbox that shows its state by a mark, not by colour alone."""

    def __init__(
        self, label: str, value: bool = False, id: str | None = None, disabled: bool = False
    ) -> None:
        super().__init__(label, value, id=id, compact=True, disabled=disabled)
        self.BUTTON_INNER = "✓" if value else " "

    def watch_value(self) -> None:
        """Mark or unmark the box."""
        self.BUTTON_INNER = "✓" if self.value else " "
        super().watch_value()
