"""Networks of other classes than digits: shown by the names of these, and asked about no digit."""

import json
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.archive.weights import candidates, run_weights, trained_networks
from rnn_tui.engine.files.weights_file import read_description, read_weights
from rnn_tui.engine.progress import UNWATCHED
from rnn_tui.inside.ablation import analyse_digit_ablations
from rnn_tui.inside.images import analyse_test_images
from rnn_tui.inside.state_space import analyse_state_space
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.image_sets import IMAGE_SETS
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.ui.work.digit_answers import answer_digit
from tests.cli.command_line import EXIT_FAILURE, EXIT_USAGE, assert_one_sentence, run_inside
from tests.inside.made import reading_of
from tests.made_up_sets import COUNTS, write_set

CLASSES = IMAGE_SETS["fashion"].classes
SMALL = ("--epochs", "1", "--hidden-size", "4", "--device", "cpu", "--workers", "1", "--quiet")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_set(tmp_path, "fashion")
    return write_set(tmp_path, "usps")


def train(root: Path, name: str, *, cell: str = "rnn") -> str:
    """Train a small network on a data set; returns the name of its run."""
    words = ("train", "mnist", "--cell", cell, "--dataset", name, "--data-dir", str(root), *SMALL)
    code, out, err = run_inside((*words, "--json"))
    assert code == 0, err
    document = json.loads(out)
    assert document["settings"]["dataset"] == name
    return str(document["run"])


def sample() -> str:
    return str(next(iter(sorted(Path("assets/samples").glob("*.jpg")))))


def test_photos_are_read_by_networks_of_digits_only(root: Path) -> None:
    fashion = train(root, "fashion")
    for words in (
        ("predict", sample(), "--run", fashion),
        ("predict", sample(), "--run", "last"),
        ("inspect", "mnist", sample(), "--run", fashion),
    ):
        code, out, err = run_inside(words)
        assert code == EXIT_FAILURE
        assert out == ""
        sentence = assert_one_sentence(err)
        assert "Fashion-MNIST" in sentence
    usps = train(root, "usps")
    code, out, err = run_inside(("predict", sample(), "--run", usps, "--quiet"))
    assert code == 0, err
    assert out


def test_lists_for_photos_leave_out_networks_of_other_classes(root: Path) -> None:
    fashion, usps = train(root, "fashion"), train(root, "usps")
    runs = {source.path.parent.name for source in candidates("mnist") if not source.ships}
    assert runs == {fashion, usps}
    of_digits = candidates("mnist", only_digits=True)
    assert {source.path.parent.name for source in of_digits if not source.ships} == {usps}
    named = run_weights("mnist", fashion)  # by hand: its error comes once it is chosen
    assert named.path in {source.path for source in candidates("mnist", named, only_digits=True)}


def test_networks_are_compared_with_those_of_the_same_data(root: Path) -> None:
    fashion = train(root, "fashion", cell="gru")
    config = read_description(run_weights("mnist", fashion).path)[0]
    assert isinstance(config, ImageConfig)
    assert list(trained_networks("mnist", like=config)) == ["gru"]
    usual = config.replace(dataset="mnist")
    assert "lstm" in trained_networks("mnist", like=usual)
    assert all(
        network.config.dataset == "mnist"
        for network in trained_networks("mnist", like=usual).values()
    )


def test_inside_reads_images_of_the_same_data_and_names_their_classes(root: Path) -> None:
    run = train(root, "fashion")
    code, out, err = run_inside(("inspect", "mnist", "--test-image", "13", "--run", run))
    assert code == 0, err
    title = out.splitlines()[0]
    assert title.startswith("test image 13: ")
    assert any(name in title for name in CLASSES)
    assert title.count(CLASSES[3]) == 1 or "right" in title  # image 13 is of class 3
    code, out, _ = run_inside(("inspect", "mnist", "--test-image", "13", "--run", run, "--json"))
    assert code == 0
    document = json.loads(out)
    assert document["trace"]["outputs"] == list(CLASSES)
    assert document["input"]["label"] == 3
    assert document["weights"]["dataset"] == "fashion"
    code, _, err = run_inside(("inspect", "mnist", "--test-image", "4000", "--run", run))
    assert code == EXIT_USAGE
    assert f"{COUNTS[1]} test images" in assert_one_sentence(err)


def test_analyses_read_the_test_images_of_the_same_data(root: Path) -> None:
    run = train(root, "fashion")
    network = RowReaderNetwork(read_weights(run_weights("mnist", run).path))
    rows = analyse_test_images(reading_of(network), UNWATCHED)
    assert rows is not None
    assert rows.images == COUNTS[1]
    states = analyse_state_space(reading_of(network))
    assert states is not None
    assert states.label_names == CLASSES
    assert len(states.labels) == COUNTS[1]
    ablations = analyse_digit_ablations(reading_of(network))
    assert ablations is not None
    assert ablations.inputs == COUNTS[1]


def test_a_drawing_is_answered_by_a_sentence(root: Path) -> None:
    answer = answer_digit(
        np.zeros((28, 28), np.float32), run_weights("mnist", train(root, "fashion"))
    )
    assert "Fashion-MNIST" in answer.failure
    assert answer.probabilities == ()
    usps = answer_digit(np.zeros((28, 28), np.float32), run_weights("mnist", train(root, "usps")))
    assert usps.failure == ""
    assert len(usps.probabilities) == 10
