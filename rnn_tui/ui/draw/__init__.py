"""The Draw view."""
