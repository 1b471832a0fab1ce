"""Papers by name and by path: those that ship, a user's own, and those of packages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.papers import library
from rnn_tui.papers.library import all_names, find_paper, own_folder, read_library
from tests.papers.test_paper import SMALL_PAPER
from tests.tasks.plugins import install

PACKAGE = (
    "[rnn_tui.papers]\nof-package = papers_here\nof-path = path_here:PATH\nnone = path_here:NONE"
)
CODE = "from pathlib import Path\nPATH = str(Path(__file__).with_name('far.toml'))\nNONE = 5\n"


@pytest.fixture
def own(home: Path) -> Path:
    """The folder of the user's own papers, with one."""
    own_folder().mkdir(parents=True)
    (own_folder() / "mine.toml").write_text(SMALL_PAPER)
    return own_folder()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that Python looks in, with a package that names three papers, one of them none."""
    site = tmp_path / "site"
    (site / "papers_here").mkdir(parents=True)
    (site / "papers_here" / "__init__.py").touch()
    (site / "papers_here" / "of-package.toml").write_text(SMALL_PAPER)
    (site / "far.toml").write_text(SMALL_PAPER)
    install(site, "path_here", CODE, entry=PACKAGE)
    monkeypatch.syspath_prepend(site)
    library._papers_of_packages.cache_clear()
    yield site
    library._papers_of_packages.cache_clear()


def test_papers_are_found_wherever_they_are(own: Path, site: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.toml").write_text(SMALL_PAPER)
    assert find_paper("course-report").year == 2022
    for name in ("mine", "of-package", "of-path"):
        assert (find_paper(name).name, find_paper(name).year) == (name, 1997)
    assert find_paper(str(tmp_path / "elsewhere.toml")).name == "elsewhere"
    found = read_library()
    assert next(iter(found.papers)) == "course-report"
    assert [*found.papers][-3:] == ["mine", "of-package", "of-path"]
    assert found.problems == (
        "The paper plug-in none (path_here:NONE) can't be used: it names neither a package, nor "
        "the path of a file, nor a Paper.",
    )
    assert {*found.papers, "none"} == {*all_names()}
    with pytest.raises(UserError, match="names neither a package"):
        find_paper("none")


def test_a_broken_paper_hides_no_other(own: Path) -> None:
    (own / "broken.toml").write_text("title = 5")
    (own / "My Paper.toml").write_text(SMALL_PAPER)
    (own / "course-report.toml").write_text(SMALL_PAPER)
    (own / "folder.toml").mkdir()
    found = read_library()
    assert found.papers["course-report"].year == 2022
    assert found.papers["mine"].year == 1997
    broken = "\n".join(sorted(found.problems))
    assert len(found.problems) == 4
    for words in ("broken.toml", "My Paper.toml must be named", "two papers called", "can't be re"):
        assert words in broken
    assert "My Paper" not in all_names()
    with pytest.raises(UserError, match=r"broken\.toml"):
        find_paper("broken")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "course-reprot",
            "There is no paper called “course-reprot” (did you mean “course-report”?)",
        ),
        ("", "There is no paper called “”"),
        ("a\0b", "There is no paper called"),
        ("./a\0b.toml", "can't be read"),
        ("nowhere/paper.toml", "The paper nowhere/paper.toml can't be read: No such file"),
        ("../secret", "can't be read"),
        ("\x1b[31m", "There is no paper called"),
    ],
)
def test_what_is_no_paper_is_said_in_a_sentence(home: Path, text: str, sentence: str) -> None:
    with pytest.raises(UserError) as error:
        find_paper(text)
    assert sentence in str(error.value)
    assert str(error.value) == printable(error.value, 1000)
