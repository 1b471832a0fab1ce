"""Printed lines in photos: found, told from strokes, painted over."""
