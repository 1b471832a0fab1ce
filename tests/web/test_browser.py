"""The app in a real browser: what can only be seen there. One server and one browser for all."""

from __future__ import annotations

import http.server
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.command_line import rnn_tui
from tests.web.serving import Serving, serving

pytest.importorskip("selenium")
pytest.importorskip("textual_serve")

from selenium.webdriver.common.keys import Keys

from tests.web.browser import Browser, browsing

pytestmark = pytest.mark.long

# A page of somebody else, who knows even the token: it may open the app's page, but neither have it
# in a frame, nor read it, nor talk to the app.
STRANGER = """<!DOCTYPE html><title>waiting</title><iframe src="{page}"></iframe><script>
const found = [];
const tell = (what) => {{ found.push(what); if (found.length === 2) document.title = found.sort().join(" "); }};
const socket = new WebSocket("{socket}");
socket.onopen = () => tell("socket-open");
socket.onerror = () => tell("socket-refused");
fetch("{page}").then(() => tell("page-read"), () => tell("page-unread"));
</script>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("downloads")) as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    share, home = tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("home")
    with serving("--share", str(share), RNN_TUI_HOME=str(home)) as server:
        yield server


@pytest.fixture
def app(browser: Browser, server: Serving) -> Browser:
    """A page of its own, at Home."""
    browser.open(server.address)
    browser.wait_for("Train in seconds")
    return browser


def test_function_keys_are_the_app_s(app: Browser) -> None:
    address = app.driver.current_url
    for key, words in (
        (Keys.F3, "2 Test"),
        (Keys.F6, "No run|No runs"),
        (Keys.F4, "2 Results"),
        (Keys.F2, "Train in seconds"),
    ):
        app.press(key)
        app.wait_for(words)
    assert app.driver.current_url == address
    assert len(app.driver.window_handles) == 1


def test_home_reads_while_somebody_looks(app: Browser) -> None:
    """Without a key before: the app is told that its page has the focus."""
    app.wait_for(r"row \d+ of 28: \d")


def test_a_click_goes_to_a_view_and_digits_typed_there_are_answered(app: Browser) -> None:
    app.press(Keys.F4)
    app.wait_for("4 Prompt")
    app.click("4 Prompt")
    app.wait_for("Leave")  # the field has the focus
    for digit in "31415":
        app.press(digit)
    app.wait_for(r"31415[\s\S]*\b4\b")


def test_a_stroke_of_the_mouse_is_read(app: Browser) -> None:
    app.press(Keys.F3)
    app.wait_for("4 Draw")
    app.click("4 Draw")
    app.wait_for("Draw a digit")
    column, row = app.place_of("Draw here")
    app.drag([(column + 12, row + below) for below in range(2, 14)])
    app.wait_for(r"confidence \d\d\.\d %")


def test_training_draws_charts_and_is_downloaded(app: Browser, server: Serving) -> None:
    app.press(Keys.F4)
    app.wait_for("report's recipe")
    app.click("Commands")
    app.wait_for("Search")
    app.press("next preset")
    app.wait_for("Preset: The next preset")
    app.press(Keys.ENTER)
    app.wait_for("Preset +fast")
    app.press("t")
    app.wait_for("epoch 2 of 2")
    assert re.search("[\u2801-\u28ff]{5}", app.text)  # lines of a chart
    app.press(Keys.F6)
    app.wait_for(r"\d runs? · by age")
    app.press("e")
    app.wait_for("Enter downloads")
    app.press(Keys.ENTER)
    file = app.wait(lambda: next(app.downloads.glob("recall*.csv"), None), "download")
    store = server.pages[-1].environ()["RNN_TUI_STORE"]
    assert (
        file.read_text(encoding="utf-8")
        == rnn_tui("runs", "export", "last", "--to", "csv", RNN_TUI_STORE=store).stdout
    )
    assert len(app.driver.window_handles) == 1
    # Whoever has the key alone, or comes late, gets nothing.
    app.driver.execute_script("window.open = (address) => { window.asked = address; };")
    app.press("e")
    app.wait_for("Enter downloads")
    app.press(Keys.ENTER)
    address = app.wait(lambda: app.driver.execute_script("return window.asked"), "address")
    assert fetched(address.partition("?")[0]) == (404, None)
    assert fetched(address + "0") == (404, None)
    code, kept_as = fetched(address)
    assert code == 200
    assert kept_as.startswith("attachment; filename*=UTF-8''recall")
    assert fetched(address) == (404, None)


def fetched(address: str) -> tuple[int, str | None]:
    """How an address answers, and what it is to be kept as."""
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.headers["Content-Disposition"]
    except urllib.error.HTTPError as error:
        return error.code, None


def test_a_reloaded_page_goes_on_with_what_it_trained(app: Browser) -> None:
    app.press("t")
    app.wait_for(r"LSTM epoch 1/1 .* [1-9][\d,]* img/s")
    app.driver.refresh()
    app.wait_for("Resume mnist-lstm-fast")
    app.press("g")
    app.wait_for(r"LSTM epoch 1/1 .* [1-9][\d,]* img/s|finished")


def test_an_app_that_was_left_can_be_started_again(app: Browser) -> None:
    app.press("q")
    app.wait_for_sentence("The app has ended.")
    app.wait(
        lambda: app.driver.execute_script("return document.activeElement.id") == "again",
        "button with the focus",
    )
    app.press(Keys.ENTER)
    app.wait_for("Train in seconds")


def test_without_the_token_there_is_no_page(browser: Browser, server: Serving) -> None:
    browser.open(server.address.partition("?")[0])
    assert "its token is missing or wrong" in browser.document


def test_a_page_of_somebody_else_gets_nowhere(browser: Browser, server: Serving) -> None:
    socket = f"ws://127.0.0.1:{server.port}/pages/{server.token}?width=80&height=24"
    with stranger(STRANGER.format(page=server.address, socket=socket)) as address:
        browser.open(address)
        title = browser.wait(lambda: browser.driver.title.replace("waiting", ""), "end")
        assert title == "page-unread socket-refused"
        browser.driver.switch_to.frame(0)
        assert (
            browser.driver.execute_script("return document.querySelector('.textual-terminal')")
            is None
        )
        browser.driver.switch_to.default_content()


@contextmanager
def stranger(text: str) -> Iterator[str]:
    """Another server with one page; its address."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as other_server:
        thread = threading.Thread(target=other_server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other_server.server_port}/"
        other_server.shutdown()
        thread.join()
