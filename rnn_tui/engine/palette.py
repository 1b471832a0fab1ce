"""The colours and shapes of curves, in the app and in exported charts."""

# After Okabe and Ito's colour-blind-friendly set, its hues lightened or darkened until each
# has a contrast of at least 3 to background and surface of every built-in theme.
DARK_PALETTE = (
    "#56B4E9",
    "#E69F00",
    "#2FBF94",
    "#F0E442",
    "#E8714A",
    "#CC79A7",
    "#9B8CFF",
    "#BDBDBD",
)
LIGHT_PALETTE = (
    "#0067A6",
    "#A85D00",
    "#00755A",
    "#7A6A00",
    "#C03A00",
    "#A8407E",
    "#5B45C9",
    "#555555",
)
# So that curves can be told apart without colours. One more than there are colours: the ninth
# curve, as of three losses by three sizes, must not look like the first.
MARKERS = "●■▲◆▼○□△◇"
KEPT = "★"  # in charts of training: the epoch whose weights early stopping keeps


def curve_colour(number: int, dark: bool) -> str:
    """Return the colour of a curve, from 0, on a dark or light ground.

    Colours repeat after the last one.
    """
    palette = DARK_PALETTE if dark else LIGHT_PALETTE
    return palette[number % len(palette)]


def curve_marker(number: int) -> str:
    """Return the shape of a curve, from 0; after the last the first again."""
    return MARKERS[number % len(MARKERS)]
