"""Read new files as the file of a data set was read, for networks that were trained on that one."""
