"""`rnn-tui serve`: the app in the browser. stdout has the address, the log what goes wrong with a
page.
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

from rnn_tui.cli.commands import add_examples, add_setting, read_path
from rnn_tui.cli.output import SIGNALS, say, stopped
from rnn_tui.engine.errors import SettingError, UnreadableError, printable, why
from rnn_tui.engine.paths import data_dir
from rnn_tui.engine.settings import NumberSetting
from rnn_tui.runs.export.formats import imported

if TYPE_CHECKING:
    from rnn_tui.web.pages import Rules

NUMBERS = (
    (8000, NumberSetting("port", "Port", "the port to listen at; 0 takes a free one", 0, 65535)),
    (
        1,
        NumberSetting(
            "trainings", "Trainings", "how many pages train side by side; others wait", 1, 64
        ),
    ),
    (20, NumberSetting("pages", "Pages", "how many pages there are at once", 1, 1000)),
    (
        60,
        NumberSetting(
            "idle",
            "Idle",
            "minutes without key or mouse, after which a page that does not train is closed",
            0.01,
            100_000,
            whole=False,
        ),
    ),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = (
        "Serve the app to browsers, each page an app of its own, until Ctrl-C. Without --share "
        "it is for this "
        "computer alone, and has your runs. With --share others may use it too: they can read "
        "the files in that "
        "folder and no others, and each browser has runs of its own. The connection is not "
        "encrypted."
    )
    parser.epilog = "Extras. web: pip install 'rnn-tui[web]'."
    add_examples(parser, "rnn-tui serve", "rnn-tui serve --host 0.0.0.0 --share photos")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to listen at; 0.0.0.0 for all (default: %(default)s)",
    )
    for usual, setting in NUMBERS:
        metavar, text = (
            "N" if setting.whole else "MINUTES",
            f"{setting.help} (default: %(default)s)",
        )
        add_setting(parser, setting, text, default=usual, metavar=metavar)
    parser.add_argument(
        "--share", metavar="DIR", type=read_path, help="the one folder whose files pages may read"
    )
    parser.add_argument(
        "--one-store", action="store_true", help="with --share, all pages have the same runs"
    )
    parser.add_argument(
        "--no-token", action="store_true", help="let in everybody who reaches the port"
    )


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    request = _request(options)
    if not _is_loopback(request.host) and not request.token:
        say("without a token, everybody who reaches the port can use the pages.")
    return _serve(request)


@dataclass(frozen=True)
class _Request:
    """What to serve, to whom."""

    host: str  #: the address to listen at.
    port: int  #: 0 for any that is free.
    token: str  #: what lets a browser in; empty where everybody is let in.
    rules: "Rules"  #: what pages may do.


def _request(options: argparse.Namespace) -> _Request:
    """What the options ask for; ends the command where they do not go together."""
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
    from rnn_tui.web.pages import Rules  # noqa: PLC0415 - aiohttp, on use

    share = None if options.share is None else _checked(options.share)
    rules = Rules(share, options.one_store, options.trainings, options.pages, options.idle)
    token = "" if options.no_token else secrets.token_urlsafe(16)
    return _Request(host, options.port, token, rules)


def _serve(request: _Request) -> int:
    """Serve until a signal comes; returns the exit code."""
    from rnn_tui.web.server import serve  # noqa: PLC0415 - aiohttp, on use

    over, received = asyncio.Event(), list[int]()

    def stop(number: int) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        over.set()

    def tell(address: str) -> None:
        print(f"rnn-tui is at {address} until Ctrl-C.", flush=True)

    with asyncio.Runner() as runner:
        for number in SIGNALS:  # by the loop, which a handler of Python's own may have to wait for
            runner.get_loop().add_signal_handler(number, stop, number)
        runner.run(
            serve(request.host, request.port, request.rules, over, token=request.token, tell=tell)
        )
    return stopped(received)


def _is_loopback(host: str) -> bool:
    """Whether only this computer reaches an address; of names, none but localhost is sure to."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked(share: Path) -> Path:
    """The folder's real path; a SettingError if it holds what no page may read, an UnreadableError
    if nobody can.
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
