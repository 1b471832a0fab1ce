"""What a document is made of, whatever it is about: blocks of text and charts, one page of them."""
