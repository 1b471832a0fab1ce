"""Runs for other programs: tables, charts, event files, weights, networks; what is not installed is
named with its extra.
"""
