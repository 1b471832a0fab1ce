"""Prepare photos of digits as the 28×28 grey levels that a network reads, by OpenCV and numpy."""
