"""The words of the guide itself, in each language that experiments are written in."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The words in a language; some have a place for a number or a word in braces."""

    language: str  #: what the language calls itself.
    switch: str  #: the words of the entry that chooses this language.
    title: str
    list_keys: str  #: what keys do in the list.
    done: str
    begun: str
    step: str  #: the title of a step: number, count, title.
    summary: str
    do: str
    go_on: str
    finish: str
    back: str
    leave: str
    working: str
    guess: str  #: in the empty field of a guess.
    no_number: str
    compared: str
    no_guess: str
    right: str
    following: str
    decimal: str = "."


ENGLISH = Words(
    language="English",
    switch="In English",
    title="Guided experiments",
    list_keys="Enter begins · Esc leaves",
    done="✓ done",
    begun="▸ continues at step {}",
    step="{} of {} · {}",
    summary="Summary",
    do="▶ {}",
    go_on="▶ Continue",
    finish="▶ To the list",
    back="Back",
    leave="Leave",
    working="Working … s stops a training",
    guess="your guess",
    no_number="Type a number, such as 42, or nothing.",
    compared="You: {}, here: {}",
    no_guess="no guess",
    right=" ✓",
    following="Next",
)
GERMAN = Words(
    language="Deutsch",
    switch="Auf Deutsch",
    title="Geführte Experimente",
    list_keys="Enter beginnt · Esc verlässt",
    done="✓ gemacht",
    begun="▸ weiter bei Schritt {}",
    step="{} von {} · {}",
    summary="Zusammenfassung",
    do="▶ {}",
    go_on="▶ Weiter",
    finish="▶ Zur Liste",
    back="Zurück",
    leave="Verlassen",
    working="Moment … s hält ein Training an",
    guess="deine Schätzung",
    no_number="Tippe eine Zahl wie 42, oder nichts.",
    compared="Du: {}, hier: {}",
    no_guess="keine Schätzung",
    right=" ✓",
    following="Als Nächstes",
    decimal=",",
)
WORDS = {"en": ENGLISH, "de": GERMAN}


def language_of(preference: str) -> str:
    """Return the language of experiments: that of the preference, else of the environment.

    Args:
        preference: one of `preferences.LANGUAGES`.
    """
    if preference in WORDS:
        return preference
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = os.environ.get(name)
        if locale:
            return locale[:2] if locale[:2] in WORDS else "en"
    return "en"
