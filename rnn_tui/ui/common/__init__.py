"""The parts that all tabs of the app share: messages, keys, views, threads, and Textual."""
