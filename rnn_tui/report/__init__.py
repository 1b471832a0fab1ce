"""The report: its experiments over seeds, and its published figures held against them.

`train_missing` trains what is lacking, `results`, `curves` and `conclusions` tell what came of it, `write_document` keeps it.
"""
