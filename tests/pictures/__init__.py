"""Makes all pictures of README and docs/ from the running app: `python -m tests.pictures [NAME …]`.

`scenes` has what each picture shows, `tour` the moving one, `plots` the drawings of tables in
`docs/results.md`, `browser` the app in a browser, `drawing` how a screen becomes an SVG.
`tests/documents/test_pictures.py` fails when a picture shows what the app no longer has.
"""

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
