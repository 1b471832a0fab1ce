"""The Inside view."""
