"""Where a page names the digit of a task's view, that digit goes to this view."""

import re

import pytest

from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.task_views import views_of
from tests.documents.pages import CHECKOUT, all_pages

# Such as `3` (**Photos**), `4`: **Draw**, or `2` opens the **Results**.
DIGIT_OF_A_VIEW = re.compile(r"`(\d)`(?: \(|: | opens (?:the )?)\**([A-Z]\w+)")
PAGES_THAT_NAME_VIEWS = ("README.md", "docs/tutorial.md", "docs/how-to/own-data.md")


def named(page: str) -> list[tuple[str, str]]:
    """Digits and titles of views that a page names."""
    return DIGIT_OF_A_VIEW.findall((CHECKOUT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", [path.relative_to(CHECKOUT).as_posix() for path in all_pages()])
def test_the_digit_of_a_view_goes_there(page: str) -> None:
    digits = {
        (str(digit), view.title)
        for task in TASKS.values()
        for digit, view in enumerate(views_of(task), 1)
    }
    titles = {title for _, title in digits}
    wrong = [pair for pair in named(page) if pair[1] in titles and pair not in digits]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES_THAT_NAME_VIEWS)
def test_digits_of_views_are_found(page: str) -> None:
    assert named(page)
