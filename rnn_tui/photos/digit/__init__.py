"""From a photo of a digit to the 28×28 grey levels that a network reads: OpenCV, numpy, Pillow."""
