"""Packages with broken tasks, several at once: each costs one sentence, whatever command is run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

from tests.attack.attack import Attack, Attempt, home_in
from tests.tasks.plugins import BROKEN, GOOD, LISTS, PRINTING, install, install_list

ROOT = Path(__file__).parents[2]
# with what their documents are before anything is trained
COMMANDS = (("runs", "--json"), ("config", "--json"), ("add", "1", "1", "--json"))
MOST_SECONDS = 120


class Plugins(Attack):
    """Whatever packages name as tasks, commands do what they do without them."""

    name, unit, share, length = "plugins", "plug-ins", 12, 1_000

    def attempt(self, random: Random) -> Attempt:
        """Run a command where some plug-ins are installed."""
        site = self.folder / f"site-{random.getrandbits(64):x}"
        site.mkdir()
        install(site, "good_plugin", GOOD)
        count = random.randint(1, 4)
        tried = [self._add(site, f"plugin_{at}", random) for at in range(count)]
        command = random.choice(COMMANDS)
        told = f"rnn-tui {' '.join(command)} with {tried}"
        try:
            ran = subprocess.run(
                [sys.executable, "-m", "rnn_tui", *command],
                capture_output=True,
                text=True,
                check=False,
                timeout=MOST_SECONDS,
                env=home_in(site / "home") | {"PYTHONPATH": f"{ROOT}:{site}"},
                cwd=site,
            )
        except subprocess.TimeoutExpired:
            return Attempt(told, f"not over after {MOST_SECONDS} s", count)
        return Attempt(told, _fault(ran, count), count)

    @staticmethod
    def _add(site: Path, name: str, random: Random) -> str:
        """Install a plug-in of some kind; says which."""
        chosen = random.random()
        if chosen < 0.2:
            kind = random.choice(LISTS)[1]
            install_list(site, name, kind)
            return f"a list that is a {kind}"
        code = random.choice(list(PRINTING if chosen < 0.4 else BROKEN))
        # several that can be used are tasks of different names
        install(site, name, code.replace('name="other"', f'name="{name}"'))
        return code.rpartition("published={})")[2].strip() or code


def _fault(ran: subprocess.CompletedProcess[str], count: int) -> str:
    if ran.returncode:
        return f"ended with {ran.returncode}: {ran.stderr[-300:]}"
    try:
        json.loads(ran.stdout)
    except ValueError:
        return f"no document: {ran.stdout[:300]!r}"
    sentences = [line for line in ran.stderr.splitlines() if "plug-in" in line]
    if len(sentences) != count:
        return f"{len(sentences)} sentences for {count} plug-ins: {ran.stderr[:600]}"
    return "" if ran.stderr.replace("\n", "").isprintable() else f"not printable: {ran.stderr!r}"
