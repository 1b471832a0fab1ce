"""The tab of data sets that users bring: files, what was understood of them, test answers."""
