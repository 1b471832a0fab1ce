"""Guided experiments: files with steps to read, guess and see, played in a panel of the app."""
