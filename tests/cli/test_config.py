"""`rnn-tui config` says where the settings lie, what holds, and what is wrong with the rest."""

import json
from pathlib import Path

from rnn_tui.engine.files.paths import config_file
from tests.cli.command_line import run_inside


def test_it_says_where_the_file_would_be_and_the_defaults(home: Path) -> None:
    code, out, err = run_inside(["config"])
    assert (code, err) == (0, "")
    first, heads, *rows = out.splitlines()
    assert first == f"{home / 'config.toml'} (not there yet)"
    assert heads.split("\t") == ["setting", "value", "from"]
    assert {row.split("\t")[2] for row in rows} == {"default"}
    assert "redraws\t4\tdefault" in rows
    assert not config_file().exists()  # asking makes none


def test_it_says_of_each_value_whether_it_is_the_files(home: Path) -> None:
    config_file().write_text('theme = "nord"\nredraws = 99\n[keys]\ntrain = "k,x"\ncopy = "J"\n')
    code, out, err = run_inside(["config", "--json"])
    assert code == 0
    document = json.loads(out)
    assert document["file"] == str(config_file())
    settings = document["settings"]
    assert settings["theme"] == {"value": "nord", "from": "file"}
    assert settings["redraws"] == {"value": 4, "from": "default"}
    assert settings["keys"] == {"value": {"copy": "J"}, "from": "file"}
    assert [line for line in err.splitlines() if "redraws" in line]
    assert len(document["problems"]) == len(err.splitlines()) == 2
    assert "“train” in keys can't be “k,x”: k is the key of the app itself" in err


def test_the_example_in_the_documentation_holds(home: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
    example = page.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    config_file().write_text(example, encoding="utf-8")
    code, out, err = run_inside(["config", "--json"])
    assert (code, err) == (0, "")
    settings = json.loads(out)["settings"]
    assert {setting["from"] for setting in settings.values()} == {"file"}  # none is left out


def test_a_file_that_is_no_toml_is_one_sentence(home: Path) -> None:
    config_file().write_text("theme = \n")
    code, out, err = run_inside(["config"])
    assert code == 0
    assert "at line 1" in err
    assert len(err.splitlines()) == 1
    assert "default" in out
