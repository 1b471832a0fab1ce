"""`rnn-tui serve`: the app in the browser.

stdout has the address, the log what goes wrong with a page.
"""

import argparse
import asyncio
import ipaddress
import os
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.archive.export.formats import imported
from rnn_tui.cli.commands import add_examples, add_setting, read_path
from rnn_tui.cli.output import say, stopped
from rnn_tui.engine.errors import SettingError, UnreadableError, printable, why
from rnn_tui.engine.extras import HOW_TO_INSTALL
from rnn_tui.engine.files.paths import data_dir
from rnn_tui.engine.process.signals import SIGNALS
from rnn_tui.engine.settings import NumberSetting

if TYPE_CHECKING:
    from rnn_tui.web.pages import Rules

PORT = NumberSetting("port", "Port", "the port to listen at; 0 takes a free one", 0, 65535)
TRAININGS = NumberSetting(
    "trainings", "Trainings", "how many pages train at the same time; others wait", 1, 64
)
PAGES = NumberSetting("pages", "Pages", "how many pages may be open at the same time", 1, 1000)
IDLE = NumberSetting(
    "idle",
    "Idle",
    "minutes without key or mouse, after which a page that does not train is closed",
    0.01,
    100_000,
    whole=False,
)


@dataclass(frozen=True)
class ServeRequest:
    """The address, token and rules of a server."""

    host: str  #: the address to listen at.
    port: int  #: 0 for any that is free.
    token: str  #: the token that a browser must send; empty if none is needed.
    rules: "Rules"  #: what pages may do.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Serve the app to browsers until Ctrl-C; each page is an app of its own. Without --share "
        "only this computer reaches it, and pages have your runs. With --share others may use it "
        "too: they can read the files in that folder and no others, and each browser has runs of "
        "its own. The connection is not encrypted."
    )
    parser.epilog = f"Needs the extra web; {HOW_TO_INSTALL}."
    add_examples(parser, "rnn-tui serve", "rnn-tui serve --host 0.0.0.0 --share photos")
    parser.add_argument(
        "--host",
        metavar="HOST",
        default="127.0.0.1",
        help="the address to listen at; 0.0.0.0 for all (default: %(default)s)",
    )
    _add_number(parser, PORT, 8000)
    _add_number(parser, TRAININGS, 1)
    _add_number(parser, PAGES, 20)
    _add_number(parser, IDLE, 60, metavar="MINUTES")
    parser.add_argument(
        "--share", metavar="DIR", type=read_path, help="the one folder whose files pages may read"
    )
    parser.add_argument(
        "--one-store", action="store_true", help="with --share, all pages share their runs"
    )
    parser.add_argument(
        "--no-token", action="store_true", help="let in everybody who reaches the port"
    )


def _add_number(
    parser: argparse.ArgumentParser, setting: NumberSetting, default: float, metavar: str = "N"
) -> None:
    help_text = f"{setting.help} (default: %(default)s)"
    add_setting(parser, setting, help_text, default=default, metavar=metavar)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes; returns the exit code.

    Raises:
        SettingError: if the folder to share must not be shared.
        UnreadableError: if it can't be read.
        StoreError: if nothing can listen at the address.
    """
    return serve_pages(read_request(options))


def read_request(options: argparse.Namespace) -> ServeRequest:
    """Read the options into a request; ends the command if they contradict each other."""
    if sys.platform == "win32":
        options.complain("pages need Linux or macOS")
    host = "127.0.0.1" if options.host == "localhost" else options.host
    if not _is_loopback(host) and options.share is None:
        options.complain(
            f"--host {printable(host)} lets other computers in: that needs --share DIR"
        )
    if options.one_store and options.share is None:
        options.complain("--one-store goes with --share DIR; without it all pages have your runs")
    imported("textual_serve", "web", "Pages in the browser")
    from rnn_tui.web.pages import Rules  # aiohttp, on use

    share = None if options.share is None else _checked(options.share)
    rules = Rules(share, options.one_store, options.trainings, options.pages, options.idle)
    token = "" if options.no_token else secrets.token_urlsafe(16)
    return ServeRequest(host, options.port, token, rules)


def serve_pages(request: ServeRequest) -> int:
    """Serve until a signal comes; returns the exit code."""
    if not _is_loopback(request.host) and not request.token:
        say("without a token, everybody who reaches the port can use the pages.")
    signals = _Signals()
    with asyncio.Runner() as runner:
        signals.listen(runner.get_loop())
        runner.run(_serve(request, signals.received_one))
    return stopped(signals.received)


async def _serve(request: ServeRequest, over: asyncio.Event) -> None:
    """Serve until `over` is set."""
    from rnn_tui.engine.awaits import LoopWatch  # asyncio's, on use
    from rnn_tui.web.server import serve  # aiohttp, on use

    with LoopWatch("rnn-tui serve", asyncio.get_running_loop()):
        await serve(
            request.host, request.port, request.rules, over, token=request.token, tell=_show_address
        )


def _show_address(address: str) -> None:
    print(f"rnn-tui is at {address} until Ctrl-C.", flush=True)


class _Signals:
    """The signals that came; a second one ends the process at once."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.received_one = asyncio.Event()

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the loop take them: for a handler of Python's own it may have to wait."""
        for number in SIGNALS:
            loop.add_signal_handler(number, self._take, number)

    def _take(self, number: int) -> None:
        if self.received:
            raise KeyboardInterrupt
        self.received.append(number)
        self.received_one.set()


def _is_loopback(host: str) -> bool:
    """Return whether only this computer reaches an address; of names, only localhost is sure to."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(share: Path) -> Path:
    """Return the folder's real path.

    Raises a SettingError if it holds what no page may read, an UnreadableError if it can't be read.
    """
    try:
        folder = share.expanduser().resolve(strict=True)
        os.listdir(folder)
    except (OSError, RuntimeError) as error:
        raise UnreadableError(
            f"The folder {printable(share, 200)} can't be shared: {why(error)}."
        ) from error
    if data_dir().resolve().is_relative_to(folder):
        raise SettingError(
            f"{printable(folder, 200)} can't be shared: the runs of all are in it, in {data_dir()}."
        )
    return folder
