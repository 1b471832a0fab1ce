"""What scripts and notebooks use: `import rnn_tui` has the public names, each imported on use.

Thin on purpose: the command line and the app are built on the same functions of the rooms below.
`training` trains, `run` shows stored runs.
"""
