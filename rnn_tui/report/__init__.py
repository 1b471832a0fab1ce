"""The report: its experiments over seeds, and its published figures held against them.

No face in here: `train_missing` trains what the store of runs lacks and tells of it in events,
`results`, `curves` and `conclusions` say what came of it, `write_document` writes it down.
"""
