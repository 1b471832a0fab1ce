"""The documents hold: commands run, links lead somewhere, made pages and pictures are not stale."""
