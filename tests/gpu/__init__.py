"""What only a GPU can show. Where there is none, `RNN_TUI_TEST_DEVICE=cpu` runs the same tests
there, to test the tests.
"""
