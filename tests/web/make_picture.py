"""Makes the picture of the app in a browser, from a real one: `python -m tests.web.make_picture`.

Trains recall with preset `fast` and six seeds, which takes some ten seconds, and writes
`assets/browser.png`. Needs chromium and chromedriver.
"""

import io
import os
import sys
import tempfile
from pathlib import Path

from PIL import Image
from selenium.webdriver.common.keys import Keys

from rnn_tui.engine.paths import asset_dir
from tests.web.browser import BROWSER, DRIVER, browsing
from tests.web.serving import serving

SIZE, COLOURS = (1200, 860), 128


def picture() -> bytes:
    """The picture, as PNG."""
    with serving() as server, browsing(Path(tempfile.gettempdir()), SIZE) as browser:
        browser.open(server.address)
        browser.wait_for("Train in seconds")
        browser.press(Keys.F3)
        browser.wait_for("report's recipe")
        browser.press("F")
        browser.wait_for("Preset +fast")
        browser.click("Seeds")
        column, row = browser.place_of("Seeds")
        browser.drag([(column + 15, row)])
        browser.press(Keys.END, Keys.BACKSPACE, "6", Keys.ESCAPE)
        browser.press("t")
        browser.wait_for("test accuracy.*epoch 5 of 5")
        return bytes(browser.driver.get_screenshot_as_png())


def main() -> int:
    """Write it."""
    if BROWSER is None or DRIVER is None:
        print("This needs chromium and chromedriver.", file=sys.stderr)
        return 1
    small = io.BytesIO()
    Image.open(io.BytesIO(picture())).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        small, "PNG", optimize=True
    )
    (asset_dir() / "browser.png").write_bytes(small.getvalue())
    return 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNN_TUI_HOME"] = home  # no run of one's own in the picture
        sys.exit(main())
