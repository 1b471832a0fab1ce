"""The report's experiments over seeds: `train_missing`, then `results`, `curves`, `conclusions`,
then `write_document`.
"""
