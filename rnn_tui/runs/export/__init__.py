"""Runs for other programs: tables, charts, event files, weights, networks.

Packages that only some of these need are optional; one that is not installed is named with the
extra that installs it.
"""
