"""A pad of 28×28 pixels to draw on, with mouse or keys."""

from rich.style import Style
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding
from textual.message import Message

from rnn_tui.photos.drawing import RADII, SIDE, Drawing, Point
from rnn_tui.ui.terminal.key_table import key, moves
from rnn_tui.ui.widgets.ink_image import ZOOM, Cell, InkImage

LEFT, RIGHT = 1, 3
STRIDE = 4  # pixels that Shift and an arrow key move by


class DrawingPad(InkImage, can_focus=True):
    """28×28 pixels to draw on. Left drag draws, right or Shift erases; a cursor that keys move
    draws while the pen is down.
    """

    class Changed(Message):
        """The drawing, the pen or the brush is another."""

    BINDINGS = [
        Binding(
            "space",
            "pen",
            "Pen",
            key_display="Space",
            tooltip="Pen down, or up; while it is down, arrows draw",
        ),
        key("larger", "brush(1)", "Brush", "A broader brush", display="+-"),
        key("smaller", "brush(-1)", "Finer", "A finer brush", show=False),
        key("eraser", "eraser", "Eraser"),
        key("undo", "undo", "Undo", "Take the last stroke back", display="u"),
        key("redo", "redo", "Redo", "Draw it again", show=False),
        key("delete", "clear", "Clear", "Take everything off the pad"),
        *moves("move", {"left": "-1, 0", "right": "1, 0", "up": "0, -1", "down": "0, 1"}),
        *moves("move", {"shift+left": f"-{STRIDE}, 0", "shift+right": f"{STRIDE}, 0"}),
        *moves("move", {"shift+up": f"0, -{STRIDE}", "shift+down": f"0, {STRIDE}"}),
        Binding("escape", "lift", "Pen up", show=False),
    ]
    COMPONENT_CLASSES = {"drawing-pad--cursor"}

    def __init__(self) -> None:
        super().__init__()
        self.drawing = Drawing()  #: What was drawn.
        self.brush = 1  #: Which of the brushes is used.
        self.erases = False  #: Whether strokes erase.
        self.cursor = (SIDE // 2, SIDE // 2)  #: Column and row of the pixel that keys draw at.
        self.pen_down = False  #: Whether arrow keys draw.
        self._dragged = False  #: Whether a stroke of the mouse is under way.
        self._undoable = False  #: Whether there was a stroke to take back when keys were offered.
        #: Whether the cursor is shown: not while somebody draws with the mouse and its pointer.
        self._by_keys = True
        #: The row in which the cursor was drawn last; None for none.
        self._cursor_row: int | None = SIDE // 2

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Grey out what has nothing to take back or off."""
        if action == "undo":
            return True if self.drawing.can_undo else None
        if action == "clear":
            return None if self.drawing.empty else True
        return True

    # With the mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button not in (LEFT, RIGHT):
            return
        event.stop()
        self.capture_mouse()
        self.pen_down = False
        self._dragged = True
        self._by_keys = False
        erases = self.erases or event.button == RIGHT or event.shift
        self.drawing.begin(self._point(event), RADII[self.brush], erases=erases)
        self._show()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragged:
            event.stop()
            if event.button:
                self._drag_to(event)
            else:  # it was let go where the terminal could not see it
                self._end_drag()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragged:
            event.stop()
            self._drag_to(event)
            self._end_drag()

    def _drag_to(self, event: events.MouseEvent) -> None:
        point = self._point(event)
        self.cursor = (_on_grid(point.x), _on_grid(point.y))
        self.drawing.extend(point)
        self._show()

    def _end_drag(self) -> None:
        if self._dragged:
            self._dragged = False
            self.release_mouse()
            self.drawing.end()
            self._show()

    def on_mouse_release(self) -> None:
        self._end_drag()  # something else takes the mouse

    def _point(self, event: events.MouseEvent) -> Point:
        """Return the mouse's place in the drawing, by default the middle of a cell."""
        to_middle = 0.0 if self.app.supports_smooth_scrolling else 0.5
        x, y = event.pointer_x + to_middle, event.pointer_y + to_middle
        zoom = ZOOM[self.scale]
        return Point(x / zoom, 2 * y / zoom)

    # With keys

    def action_pen(self) -> None:
        self._end_drag()
        self.drawing.end()
        self._by_keys = True
        self.pen_down = not self.pen_down
        self._change_pen()

    def action_move(self, across: int, down: int) -> None:
        if self._dragged:
            return
        self._by_keys = True
        column, row = self.cursor
        self.cursor = (_on_grid(column + across), _on_grid(row + down))
        self.drawing.extend(self._middle)
        self._show()

    def action_lift(self) -> None:
        if not self.pen_down:
            raise SkipAction  # it may mean something to the screen
        self._lift()
        self._show()

    def action_brush(self, by: int) -> None:
        """Choose a broader brush, or a finer one; a stroke that has begun continues with it."""
        self.brush = min(max(0, self.brush + by), len(RADII) - 1)
        self._change_pen()

    def action_eraser(self) -> None:
        self.erases = not self.erases
        self._change_pen()

    def action_undo(self) -> None:
        self._stop()
        self.drawing.undo()
        self._show()

    def action_redo(self) -> None:
        self._stop()
        self.drawing.redo()
        self._show()

    def action_clear(self) -> None:
        self._stop()
        self.drawing.clear()
        self._show()

    def _change_pen(self) -> None:
        """Go on with another brush or tool while the pen is down."""
        if self.pen_down:
            self.drawing.begin(self._middle, RADII[self.brush], erases=self.erases)
        self._show()

    def _stop(self) -> None:
        self._end_drag()
        if self.pen_down:
            self._lift()
            self.post_message(self.Changed())  # its parent may show the pen

    def on_hide(self) -> None:
        self._stop()  # another view comes to the front

    def _lift(self) -> None:
        self.pen_down = False
        self.drawing.end()

    @property
    def _middle(self) -> Point:
        """The middle of the pixel that keys draw at."""
        return Point(self.cursor[0] + 0.5, self.cursor[1] + 0.5)

    # Drawing

    def _show(self) -> None:
        """Draw the ink, and the cursor where it was and where it is."""
        self.show_ink(self.drawing.ink)
        old_row = self._cursor_row
        self._cursor_row = self.cursor[1] if self._by_keys else None
        for row in (self._cursor_row, old_row):
            if row is not None:
                self.refresh_rows(row, row)
        if self._undoable != self.drawing.can_undo:
            self._undoable = self.drawing.can_undo
            self.refresh_bindings()
        self.post_message(self.Changed())

    def _cells(self, y: int) -> list[Cell]:
        cells = super()._cells(y)
        column, row = self.cursor
        zoom = ZOOM[self.scale]
        middle_line = (zoom * row + zoom // 2) // 2
        if not (self.has_focus and self._by_keys) or middle_line != y:
            return cells
        if zoom > 1:
            # Brackets can be distinguished from ink, also in a terminal without colours.
            sign = f"[{' ' * (zoom - 2)}]"
            ground = cells[column][1].bgcolor
        else:
            sign = "▀▄"[row % 2]
            other_row = row ^ 1  # the other one in the same line
            ground = self._shades[self._row(other_row)[column]]
        colour = self.get_component_rich_style("drawing-pad--cursor").color
        cells[column] = (sign, Style(color=colour, bgcolor=ground, bold=True))
        return cells


def _on_grid(coordinate: float) -> int:
    """Return the column or row of the pixel at a coordinate, or of the nearest pixel."""
    return min(max(int(coordinate), 0), SIDE - 1)
