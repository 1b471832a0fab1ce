"""Take the sequences out of a table, once it is known what its columns are for."""
