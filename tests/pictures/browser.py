"""The picture of the app in a browser, from a real one that trains recall with six seeds.

It can't be read as a drawing can, so no test says that it is old.
"""

import io
import tempfile
from pathlib import Path

from PIL import Image
from selenium.webdriver.common.keys import Keys

from tests.web.browser import BROWSER, DRIVER, browsing
from tests.web.serving import serving

SIZE, COLOURS = (1200, 860), 128


def picture() -> bytes:
    """The picture, as PNG."""
    if BROWSER is None or DRIVER is None:
        raise SystemExit("The picture of a browser needs chromium and chromedriver.")
    with serving() as server, browsing(Path(tempfile.gettempdir()), SIZE) as browser:
        browser.open(server.address)
        browser.wait_for("Train in seconds")
        browser.press(Keys.F4)
        browser.wait_for("report's recipe")
        browser.click("Commands")
        browser.wait_for("Search")
        browser.press("next preset")
        browser.wait_for("Preset: The next preset")
        browser.press(Keys.ENTER)
        browser.wait_for("Preset +fast")
        browser.click("Seeds")
        column, row = browser.place_of("Seeds")
        browser.drag([(column + 15, row)])
        browser.press(Keys.END, Keys.BACKSPACE, "6", Keys.ESCAPE)
        browser.press("t")
        browser.wait_for("Test accuracy.*epoch 2 of 2")
        taken = Image.open(io.BytesIO(browser.driver.get_screenshot_as_png()))
    small = io.BytesIO()
    taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(
        small, "PNG", optimize=True
    )
    return small.getvalue()
