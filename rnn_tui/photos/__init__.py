"""Reading photos of digits with trained networks: streamed, in order, whatever the files are."""
