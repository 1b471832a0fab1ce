"""What every place of the app is made of: messages, keys, views, threads, and Textual."""
