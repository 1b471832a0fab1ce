"""Guess what the columns of a table are for, where the user does not say it."""
