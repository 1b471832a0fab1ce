"""Guided experiments: files with steps to read, to guess and to see, played in a panel over the
app.
"""
