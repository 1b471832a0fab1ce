"""A real browser for tests: Debian's Chromium, headless, and the screen of the terminal in its page."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

selenium = pytest.importorskip("selenium")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
PATIENCE = 60.0
# Before the page's own scripts: keeps the object that has the terminal, when it is given its address.
CATCH = """
Object.defineProperty(Object.prototype, "websocket_url", {
  configurable: true,
  set(value) {
    Object.defineProperty(this, "websocket_url", {value, writable: true});
    window.caught = this;
  },
});
"""
LINES = """
const buffer = window.caught?.terminal.buffer.active;
if (!buffer) return [];
return Array.from({length: window.caught.terminal.rows}, (_, row) => buffer.getLine(row)?.translateToString(true) ?? "");
"""
CELL = """
const terminal = window.caught.terminal, box = terminal.element.querySelector(".xterm-screen").getBoundingClientRect();
return [box.left, box.top, box.width / terminal.cols, box.height / terminal.rows];
"""


class Browser:
    """A browser with one window."""

    def __init__(self, driver: webdriver.Chrome, downloads: Path) -> None:
        self.driver, self.downloads = driver, downloads

    def open(self, address: str) -> None:
        """Go to an address."""
        self.driver.get(address)

    @property
    def lines(self) -> list[str]:
        """What the terminal shows."""
        lines: list[str] = self.driver.execute_script(LINES)
        return lines

    @property
    def text(self) -> str:
        """The same, as one text."""
        return "\n".join(self.lines)

    @property
    def document(self) -> str:
        """What the page says beside the terminal."""
        return str(self.driver.execute_script("return document.body.innerText"))

    def wait(self, true: Callable[[], Any], what: str) -> Any:
        """Wait until something is so."""
        give_up = time.monotonic() + PATIENCE
        while not (value := true()):
            assert time.monotonic() < give_up, f"no {what} in\n{self.text}\n{self.document}"
            time.sleep(0.05)
        return value

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Wait until the terminal shows text that matches."""
        found: re.Match[str] = self.wait(lambda: re.search(pattern, self.text), repr(pattern))
        return found

    def wait_for_sentence(self, pattern: str) -> None:
        """Wait until the page says so, in place of the terminal."""
        self.wait(lambda: re.search(pattern, self.document), repr(pattern))

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def place_of(self, text: str) -> tuple[int, int]:
        """Column and row at which a text begins on the screen."""
        for row, line in enumerate(self.lines):
            if text in line:
                return line.index(text), row
        raise AssertionError(f"no {text!r} in\n{self.text}")

    def click(self, text: str) -> None:
        """Click at a text on the screen."""
        column, row = self.place_of(text)
        self.drag([(column + len(text) // 2, row)])

    def drag(self, cells: list[tuple[int, int]]) -> None:
        """Press the mouse at the first of some cells, move over the others, and release it."""
        left, top, width, height = self.driver.execute_script(CELL)
        actions = ActionChains(self.driver, duration=20)
        pointer = actions.w3c_actions.pointer_action
        for number, (column, row) in enumerate(cells):
            pointer.move_to_location(
                round(left + (column + 0.5) * width), round(top + (row + 0.5) * height)
            )
            if number == 0:
                pointer.pointer_down()
        pointer.pointer_up()
        actions.perform()


@contextmanager
def browsing(downloads: Path, size: tuple[int, int] = (1200, 800)) -> Iterator[Browser]:
    """A browser for a while; the test is skipped where there is none."""
    if BROWSER is None or DRIVER is None:
        pytest.skip("needs chromium and chromedriver, of the packages chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    options.add_argument(f"--window-size={size[0]},{size[1]}")
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": CATCH})
        yield Browser(driver, downloads)
    finally:
        driver.quit()
