"""No picture shows an app that is no longer there: tabs, views and keys in it are today's.

The form beside a chart is today's as well. And where nothing has to be trained for a picture, it
says word for word what the app says now.
"""

import re
from itertools import groupby

import pytest

from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.tabs import all_tabs
from rnn_tui.ui.app.task_views import views_of
from rnn_tui.ui.training.form import SettingsForm
from tests.pictures import FOLDER
from tests.pictures.__main__ import still
from tests.pictures.drawing import rows_of, texts_in
from tests.pictures.plots import PLOTS
from tests.pictures.scenes import SCENES, until
from tests.reference_pages.keys import bound

MADE_BY = "python -m tests.pictures {} makes it anew"
OF_THE_APP = [*SCENES, "tour"]


def rows(name: str) -> list[str]:
    """What a picture says, row by row."""
    return texts_in((FOLDER / f"{name}.svg").read_text(encoding="utf-8"))


def test_every_drawing_is_made_by_the_one_command() -> None:
    assert {one.stem for one in FOLDER.glob("*.svg")} == {*OF_THE_APP, *PLOTS}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_has_the_figures_of_the_page(name: str) -> None:
    assert (FOLDER / f"{name}.svg").read_text(encoding="utf-8") == PLOTS[name](), MADE_BY.format(
        name
    )


@pytest.mark.parametrize("name", OF_THE_APP)
def test_tabs_and_views_in_a_picture_are_those_of_the_app(name: str) -> None:
    tabs = " ".join(f"{tab.key.upper()} {tab.label}" for tab in all_tabs())
    views = {
        " ".join(f"{at} {view.title}" for at, view in enumerate(views_of(task), 1))
        for task in TASKS.values()
    }
    found = rows(name)
    assert [row for row in found if row.startswith("F2 ")], name
    assert {row for row in found if row.startswith("F2 ")} == {tabs}, MADE_BY.format(name)
    assert {row for row in found if row.startswith("1 Training")} <= views, MADE_BY.format(name)


@pytest.mark.parametrize("name", OF_THE_APP)
def test_keys_in_a_picture_are_those_of_the_app(name: str) -> None:
    known = {word for _, binding in bound() for word in binding.description.split()}
    known |= {"Enter", "Space"}  # keys of the focused widget, which have names
    footers = [row for row in rows(name) if row.endswith("F1 Help ^p Commands q Quit")]
    assert footers, name
    shown = {word for row in footers for word in re.findall(r"[A-Z][a-z]{2,}\b", row)}
    assert shown - known == set(), MADE_BY.format(name)


def words(texts: list[str]) -> list[str]:
    """Words without numbers, each row once: figures may differ in their last digit."""
    # Home reads on while its picture is taken.
    said = [
        " ".join(re.findall(r"[^\W\d_]{2,}", text)).replace("row of says", "says") for text in texts
    ]
    return [row for row, _ in groupby(sorted(filter(None, said)))]


@pytest.mark.parametrize("name", ["home", "inside-adder"])
async def test_a_picture_for_which_nothing_is_trained_says_what_the_app_says(name: str) -> None:
    assert words(rows(name)) == words(texts_in(await still(SCENES[name]))), MADE_BY.format(name)


@pytest.mark.parametrize("name", ["mnist", "recall"])
async def test_the_form_in_a_picture_says_what_the_form_says(name: str) -> None:
    scene = SCENES[name]
    assert scene.fill_form is not None
    app = RnnTuiApp()
    async with app.run_test(size=scene.size) as pilot:
        await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        await scene.fill_form(pilot, app)
        await pilot.pause(1)
        place = app.pane.query_one(SettingsForm).region
        screen = rows_of(app.export_screenshot(), *scene.size)
    lines = [
        "".join(cell.char for cell in row[place.x : place.right])
        for row in screen[place.y : place.bottom]
    ]
    said = set(re.findall(r"[^\W\d_]{3,}", " ".join(lines)))
    drawn = set(re.findall(r"[^\W\d_]{3,}", " ".join(rows(name))))
    assert len(said) > 5
    assert said - drawn == set(), MADE_BY.format(name)
