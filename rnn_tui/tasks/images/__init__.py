"""The shared parts of tasks on images that are read row by row, a row a step."""
