"""The colours of curves, in the app and in exported charts."""

# After Okabe and Ito's colour-blind-friendly set, its hues lightened or darkened until each
# has a contrast of at least 3 to background and surface of every built-in theme.
DARK_PALETTE = (
    "#56B4E9", "#E69F00", "#2FBF94", "#F0E442", "#E8714A", "#CC79A7", "#9B8CFF", "#BDBDBD",
)  # fmt: skip
LIGHT_PALETTE = (
    "#0067A6", "#A85D00", "#00755A", "#7A6A00", "#C03A00", "#A8407E", "#5B45C9", "#555555",
)  # fmt: skip
