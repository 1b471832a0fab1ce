"""Measured figures in one file, `docs/figures.json`, which the pages quote.

A figure on a page goes stale in two ways: somebody measures again and forgets a page, or a preset
changes and nobody measures again. So each figure stands in an entry of the file, with the command
that gives it and the settings that the command had. Tables on pages are made from the entries, and
tests compare every other number with them, and the settings with those of today.
"""
