"""The themes of the app."""

from textual.theme import Theme

HIGH_CONTRAST = Theme(
    name="high-contrast",
    primary="#00d7ff",
    secondary="#ffd700",
    accent="#ffd700",
    foreground="#ffffff",
    background="#000000",
    surface="#1c1c1c",
    panel="#303030",
    success="#00ff5f",
    warning="#ffaf00",
    error="#ff5f5f",
    dark=True,
    variables={
        "text-muted": "#ffffff",
        "text-disabled": "#bcbcbc",
        "footer-description-foreground": "#ffffff",
    },
)
THEMES = {"dark": "textual-dark", "light": "textual-light", "high contrast": HIGH_CONTRAST.name}
