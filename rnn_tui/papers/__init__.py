"""Published results trained again over seeds.

A paper is data. `train_missing` trains its networks; `results`, `curves` and `conclusions` compare
them with what was published; `write_document` prints that.
"""
