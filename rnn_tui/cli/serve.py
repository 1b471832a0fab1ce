"""`rnn-tui serve`: the app in the browser.

stdout has one sentence, with the address; what goes wrong with a page is in the log.
"""

import argparse
import asyncio
import os
import secrets
import sys
from pathlib import Path

from rnn_tui.cli.commands import read_by, read_path
from rnn_tui.cli.output import say, stopped, stopping_on_signals
from rnn_tui.engine.errors import SettingError, UnreadableError, printable, why
from rnn_tui.engine.paths import data_dir
from rnn_tui.engine.settings import NumberSetting
from rnn_tui.runs.export.formats import imported
from rnn_tui.web.listening import address_of, is_for_this_computer, listen

NUMBERS = {
    "port": (8000, NumberSetting("port", "Port", "the port to listen at; 0 takes one that is free", 0, 65535)),
    "trainings": (1, NumberSetting("trainings", "Trainings", "how many pages train side by side; the others wait", 1, 64)),
    "pages": (20, NumberSetting("pages", "Pages", "how many pages there are at once", 1, 1000)),
    "idle": (60, NumberSetting("idle", "Idle", "minutes without key or mouse after which a page is closed, unless it trains",
                               0, 100_000, whole=False)),
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = (
        "Serve the app to browsers, each page an app of its own, until Ctrl-C. Without --share it is for this "
        "computer alone, and has your runs. With --share it may be for others as well: they see the files in that "
        "folder only, write none, and each browser keeps runs of its own. The connection is not encrypted."
    )
    parser.epilog = "Extras. web: pip install 'rnn-tui[web]'."
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at; 0.0.0.0 for all (default: %(default)s)")
    for name, (usual, setting) in NUMBERS.items():
        placeholder = "MINUTES" if name == "idle" else "N"
        parser.add_argument(
            f"--{name}",
            type=read_by(setting),
            default=usual,
            metavar=placeholder,
            help=f"{setting.help} (default: %(default)s)",
        )
    parser.add_argument("--share", metavar="DIR", type=read_path, help="the one folder whose files pages may read")
    parser.add_argument("--one-store", action="store_true", help="with --share, all pages have the same runs")
    parser.add_argument("--no-token", action="store_true", help="let everybody in who reaches the port")


def run(options: argparse.Namespace) -> int:
    """Serve until a signal comes."""
    if sys.platform == "win32":
        options.complain("pages need Linux or macOS")
    imported("textual_serve", "web", "Pages in the browser")
    if not is_for_this_computer(options.host):
        if options.share is None:
            options.complain(f"--host {printable(options.host)} is for other computers too: that needs --share DIR")
        if options.no_token:
            say("without a token, everybody who reaches the port can use the pages.")
    from rnn_tui.web.house import Rules  # noqa: PLC0415 - aiohttp, on use
    from rnn_tui.web.server import serve  # noqa: PLC0415

    share = None if options.share is None else _checked(options.share)
    rules = Rules(share, options.one_store, options.trainings, options.pages, options.idle)
    token = "" if options.no_token else secrets.token_urlsafe(16)
    with listen(options.host, options.port) as door, asyncio.Runner() as runner:
        loop, over = runner.get_loop(), asyncio.Event()
        with stopping_on_signals(lambda _number: loop.call_soon_threadsafe(over.set)) as received:
            print(f"rnn-tui is at {address_of(door, options.host, token)} until Ctrl-C.", flush=True)
            runner.run(serve(door, options.host, token, rules, over))
    return stopped(received)


def _checked(share: Path) -> Path:
    """The real path of the folder to share.

    Raises:
        SettingError: if it holds what no page may read.
        UnreadableError: if it can't be read.
    """
    try:
        folder = share.expanduser().resolve(strict=True)
        os.listdir(folder)
    except (OSError, RuntimeError) as error:
        raise UnreadableError(f"The folder {printable(share, 200)} can't be shared: {why(error)}.") from error
    if data_dir().resolve().is_relative_to(folder):
        raise SettingError(f"{printable(folder, 200)} can't be shared: the runs of all are in it, in {data_dir()}.")
    return folder
