"""Networks that were trained elsewhere, read from a file: a state_dict or an ONNX model.

`files.py` tells by its bytes what a file is, `state_dict.py` and `onnx_model.py` find layers and
readout in it, and `hints.py` has what a user may say where a file does not.
"""
