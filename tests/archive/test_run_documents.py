"""A document of a run says what came of it, in one file that points at nothing outside."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive.export.plots import kept_of
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.training_command import training_command
from rnn_tui.cli.commands import parse
from rnn_tui.cli.train import TrainRequest, read_request
from rnn_tui.data.options import Goal, ReadingOptions
from rnn_tui.data.store import keep, path_of
from rnn_tui.data.understanding import understand
from rnn_tui.engine.config import RunConfig
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import stored_task
from tests.archive.kept_runs import small, train
from tests.cli.command_line import run_inside
from tests.papers.test_document import EVIL, Page, assert_self_contained


def document(run: str, path: Path) -> str:
    """The page of a run, which is whole and points at nothing outside."""
    code, _, err = run_inside(["runs", "export", run, "--to", path.suffix[1:], "-o", str(path)])
    assert code == 0, err
    return path.read_text()


def words_of(html: str) -> str:
    page = Page(html)
    assert_self_contained(page, html)
    return re.sub(r"\s+", " ", " ".join(page.words))


def test_a_run_on_drawn_sequences(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    train(small())
    with RunStore() as store:
        run = store.find("last")
        store.rename(run, EVIL)
    words = words_of(document(run.run_id, tmp_path / "run.html"))
    assert EVIL in words
    for sentence in (
        "always the most frequent answer",
        "same 1,000 new sequences",
        "40 sequences an epoch",
        "20 sequences",
        "Command: rnn-tui train recall",
        "Answered badly",
        "of 2",
    ):
        assert sentence in words, sentence
    markdown = document(run.run_id, tmp_path / "run.md")
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    assert "## Verdict" in markdown


def test_a_run_on_own_data_and_without_it(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "words.csv"
    rows = [f"{'ab' * (1 + at % 3)},<i>{'yes' if at % 2 else 'no'}" for at in range(40)]
    file.write_text("\n".join(["text,kind", *rows]))
    data_set = understand(file, ReadingOptions(label="kind")).data_set
    members = np.arange(data_set.count) % 2
    origin = replace(data_set.origin, groups=("<b>ann", "bob"), members=members)
    data_set = replace(data_set, origin=origin).named("grouped")
    keep(data_set)
    name = data_set.description.name
    train(stored_task(name).config("lstm", hidden_sizes=(2,), seeds=2, epochs=1, device="cpu"))
    words = words_of(document("last", tmp_path / "run.html"))
    for sentence in (
        "logistic regression",
        "most frequent class",
        f"{data_set.description.training} sequences",
        "<i>yes",
        "Groups of the test",
        "What is in which part",
        "<b>ann",
        "Groups: 2, of which 2 in training, 2 in validation, 2 in test (<b>ann, bob).",
    ):
        assert sentence in words, sentence
    placed = json.loads(document("last", tmp_path / "run.json"))["runs"][0]["sequences"]
    assert [(row["sequence"], row["group"]) for row in placed] == [
        (data_set.sequence_name(at), ("<b>ann", "bob")[at % 2]) for at in range(data_set.count)
    ]
    parts = [("training", "validation", "test")[part] for part in data_set.parts]
    assert [row["part"] for row in placed] == parts
    for row in placed:
        assert f"{row['sequence']} {row['part']}" in words, row
    path_of(name).unlink()
    again = json.loads(document("last", tmp_path / "again.json"))
    assert again["runs"][0]["sequences"] is None
    words = words_of(document("last", tmp_path / "again.html"))
    assert "no longer on this machine" in words


def test_a_forecast_is_drawn_to_its_horizon_with_intervals(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "sales.csv"
    months = [f"{2015 + at // 12}-{1 + at % 12:02}-01" for at in range(80)]
    numbers = [100 + 7 * (at % 12) + at * 37 % 11 for at in range(80)]
    rows = [f"{month},{number}" for month, number in zip(months, numbers, strict=True)]
    file.write_text("\n".join(["month,<b>sales", *rows]))
    data_set = understand(file, ReadingOptions(goal=Goal.NEXT, horizon=3)).data_set
    keep(data_set)
    name = data_set.description.name
    train(stored_task(name).config("lstm", hidden_sizes=(2,), seeds=2, epochs=1, device="cpu"))
    words = words_of(document("last", tmp_path / "run.html"))
    for sentence in (
        "Forecast",
        "the last 3 steps from what came before",
        "3 steps after the end of the file",
        "90 % intervals",
        "errors are in units of <b>sales.",
        f"{data_set.description.training} windows",
    ):
        assert sentence in words, sentence
    assert "## Forecast" in document("last", tmp_path / "run.md")


def test_the_epochs_that_early_stopping_keeps_are_marked(home: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    config = small(epochs=6)
    train(config.replace(recipe=replace(config.recipe, patience=1)))
    words = words_of(document("last", tmp_path / "run.html"))
    assert "Stars: the epoch whose weights are kept, of each seed" in words
    with RunStore() as store:
        run = store.find("last")
        losses, epochs = (store.curve(run, name) for name in ("val_loss", "val_kept_epoch"))
        kept = kept_of(store, [run], "val_loss", "epoch")
        in_steps = kept_of(store, [run], "val_loss", "step")
        assert kept_of(store, [run], "train_loss", "epoch") == []
    points = [point for line in kept for point in zip(line.x, line.spreads, strict=True)]
    lowest = [min(of_replica) for of_replica in zip(*losses.values, strict=True)]
    assert sorted(x for x, _ in points) == sorted(epochs.values[-1])
    assert sorted(spread.mean for _, spread in points) == sorted(lowest)
    per_epoch = losses.steps[0]
    for by_epoch, by_step in zip(kept, in_steps, strict=True):
        assert by_step.x == tuple(per_epoch * epoch for epoch in by_epoch.x)


def test_images_answered_right_and_wrong(home: Path, tmp_path: Path, mnist_slice: Path) -> None:
    pytest.importorskip("matplotlib")
    config = TASKS["mnist"].config(
        "rnn", "report", epochs=1, hidden_size=4, data_dir=str(mnist_slice), device="cpu"
    )
    train(config)
    html = document("last", tmp_path / "run.html")
    page = Page(html)
    words = " ".join(page.words)
    assert "Test images that are read wrong" in words
    assert "with its one seed, which may be chance" in words or "does not beat" in words
    for link in page.values("href"):
        assert link.startswith(("#", "data:image/png"))


@pytest.mark.parametrize(
    "config",
    [
        TASKS["recall"].config("gru", "fast", hidden_sizes=(2, 3), position=2, lengths=(3, 9)),
        TASKS["adder"].config("lstm", noise=0.1, clip=0.5, seeds=4),
        TASKS["mnist"].config("lstm", "fast", dataset="fashion", augmentation="none"),
    ],
)
def test_the_command_repeats_the_settings(config: RunConfig) -> None:
    words = shlex.split(training_command(config))
    request = read_request(parse(words[1:]))
    assert isinstance(request, TrainRequest)
    assert request.state.config == config


def test_no_command_is_told_for_a_recipe_that_none_gives() -> None:
    config = TASKS["adder"].config("lstm")
    changed = replace(config, recipe=replace(config.recipe, beta1=0.123))
    assert training_command(changed) == ""
