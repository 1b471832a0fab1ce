"""What is exported can be read by the programs that it is for, and says the same as we do."""

import csv
import io
import json
import os
import re
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from rnn_tui.archive.curves import Line
from rnn_tui.archive.export.formats import FORMATS, Export, ExportFormat, extras_needed
from rnn_tui.archive.export.onnx_models import models_of
from rnn_tui.archive.export.plots import Panel, draw_panel, picture
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.extras import HOW_TO_INSTALL, install_command
from rnn_tui.engine.metrics import Metric, Spread, accuracy_metric
from rnn_tui.engine.palette import LIGHT_PALETTE
from rnn_tui.networks import CELLS
from rnn_tui.tasks import TASKS
from tests.archive.kept_runs import small, train
from tests.cli.command_line import EXIT_FAILURE, assert_one_sentence, run_inside
from tests.devices import device
from tests.watched import Watched


def trained_run(config: RunConfig | None = None, stop_at: int | None = None) -> RunRecord:
    """Train a run, and return it as the store has it."""
    train(config, stop_at=stop_at)
    with RunStore() as store:
        return store.find("last")


def image_config(model: str, preset: str, data: Path, layers: int = 1) -> RunConfig:
    return TASKS["mnist"].config(
        model, preset, epochs=1, hidden_size=5, layers=layers, data_dir=str(data), device="cpu"
    )


def export(*arguments: str) -> str:
    """stdout of an export that worked."""
    code, out, err = run_inside(["runs", "export", *arguments])
    assert code == 0, err
    return out


def moments(run: RunRecord) -> Any:
    with RunStore() as store:
        return store.logged_values(run.run_id)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_csv_has_every_value_to_the_last_bit(home: Path, mnist_slice: Path) -> None:
    runs = [trained_run(), trained_run(image_config("rnn", "report", mnist_slice))]
    text = export(*(run.run_id for run in runs), "--to", "csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    for run in runs:
        run_rows = [row for row in rows if row["run"] == run.run_id]
        expected = [
            (m.kind, m.step, name, value)
            for m in moments(run)
            for name, figures in m.figures.items()
            for value in (figures if isinstance(figures, tuple) else (figures,))
        ]
        exported = [
            (row["kind"], int(row["step"]), row["metric"], float(row["value"])) for row in run_rows
        ]
        assert exported == expected
        assert {row["name"] for row in run_rows} == {run.name}
    replicas = {(r["hidden_size"], r["loss"], r["seed"]) for r in rows if r["task"] == "recall"}
    # The learning rate is one for all of them.
    assert replicas == {("", "", ""), *((size, "ce", seed) for size in "23" for seed in "01")}


def test_json_is_one_document_without_nan(home: Path, tmp_path: Path) -> None:
    run = trained_run()
    path = tmp_path / "out.json"
    assert export(run.name, "--to", "json", "-o", str(path)) == ""
    document = json.loads(path.read_text())
    (exported_run,) = document["runs"]
    assert (exported_run["id"], exported_run["status"]) == (run.run_id, "finished")
    logged = [m for m in moments(run) if m.kind == "step"]
    steps = [value for value in exported_run["values"] if value["kind"] == "step"]
    assert [tuple(s["train_loss"]) for s in steps] == [m.replicas["train_loss"] for m in logged]


@pytest.mark.parametrize("form", ["png", "svg"])
def test_charts(form: str, home: Path, here: Path) -> None:
    pytest.importorskip("matplotlib")
    run = trained_run()
    export(run.name, "--to", form)
    data = (here / f"{run.name}.{form}").read_bytes()
    if form == "png":
        assert data.startswith(b"\x89PNG")
        assert int.from_bytes(data[16:20], "big") == 1500  # 5 inches of 300 dots
        return
    text = data.decode()
    # Two networks, each with a curve and a band, in the app's first two colours; its words.
    for colour in LIGHT_PALETTE[:2]:
        assert colour.lower() in text
    assert LIGHT_PALETTE[2].lower() not in text
    for words in ("validation loss", "validation accuracy (%)", "H 2 ce (mean ± sd, n = 2)"):
        assert words in text
    again = export(run.name, "--to", form, "-o", "again.svg", "--metric", "val_loss")
    assert again == ""
    assert "validation accuracy" not in (here / "again.svg").read_text()


def test_a_chart_of_what_was_never_logged(home: Path, here: Path) -> None:
    pytest.importorskip("matplotlib")
    run = trained_run()
    code, _, err = run_inside(["runs", "export", run.name, "--to", "png", "--metric", "speed"])
    assert code == EXIT_FAILURE
    assert "val_accuracy" in assert_one_sentence(err)
    assert list(here.iterdir()) == []


def test_names_are_no_paths_and_no_formulas(home: Path, here: Path) -> None:
    pytest.importorskip("matplotlib")
    run = trained_run()
    with RunStore() as store:
        store.rename(run, r"../$\frac{x$ /../<b>&")
    export("last", "--to", "svg")
    (path,) = here.iterdir()
    assert re.fullmatch(r"[\w.+,-]+\.svg", path.name)


def test_tensorboard_reads_the_events(home: Path, here: Path, mnist_slice: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    image_run = trained_run(image_config("lstm", "fast", mnist_slice))
    runs = [image_run, trained_run()]
    export(*(run.name for run in runs), "--to", "tensorboard", "-o", "board")

    def read(folder: Path) -> Any:
        events = accumulator.EventAccumulator(str(folder))
        events.Reload()
        return events

    def assert_logged(events: Any, logged: list[tuple[int, float]]) -> None:
        exported = [(event.step, event.value) for event in events.Scalars("train_loss")]
        assert [step for step, _ in exported] == [step for step, _ in logged]
        assert [value for _, value in exported] == pytest.approx([v for _, v in logged], rel=1e-6)

    of_image = read(here / "board" / image_run.name)
    assert {"train_loss", "val_accuracy", "test_accuracy"} <= set(of_image.Tags()["scalars"])
    steps = [moment for moment in moments(image_run) if moment.kind == "step"]
    assert_logged(of_image, [(step.step, step.metrics["train_loss"]) for step in steps])

    several = runs[1]
    steps = [moment for moment in moments(several) if moment.kind == "step"]
    tags = set()
    for number, replica in enumerate(several.config.replicas):
        network = f"H{replica.variant.hidden_size}-{replica.variant.loss}"
        events = read(here / "board" / several.name / network / f"seed-{replica.seed}")
        tags.add(tuple(sorted(events.Tags()["scalars"])))
        assert_logged(events, [(step.step, step.replicas["train_loss"][number]) for step in steps])
    assert len(tags) == 1  # all share their charts
    for run in runs:
        assert "settings" in read(here / "board" / run.name).Tags()["tensors"]
    code, _, err = run_inside(
        ["runs", "export", runs[0].name, "--to", "tensorboard", "-o", "board"]
    )
    assert code == EXIT_FAILURE
    assert "has event files already" in assert_one_sentence(err)


@pytest.mark.parametrize(
    ("model", "preset", "layers"),
    [
        *((name, "report", 1) for name, cell in CELLS.items() if cell.pytorch),
        *((name, "fast", 2) for name in CELLS),
        ("bilstm", "fast", 3),
    ],
)
def test_onnx_models_of_images_answer_like_ours(
    model: str, preset: str, layers: int, here: Path, mnist_slice: Path
) -> None:
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    from rnn_tui.engine.files.weights_file import read_weights  # noqa: PLC0415
    from rnn_tui.tasks.images.inference import RowReaderNetwork  # noqa: PLC0415

    run = trained_run(image_config(model, preset, mnist_slice, layers))
    export(run.name, "--to", "onnx", "-o", "model.onnx")
    session = runtime.InferenceSession(str(here / "model.onnx"))
    pixels = np.random.default_rng(0).random((7, 28, 28), np.float32)
    (logits,) = session.run(["logits"], {"pixels": pixels})
    ours = RowReaderNetwork(read_weights(run.weights)).logits(pixels)
    np.testing.assert_allclose(logits, ours, atol=1e-5)
    assert logits.std() > 0.01
    (result,) = models_of(run.weights)
    assert result.difference < 1e-5


@pytest.mark.parametrize("cell", TASKS["recall"].cells)
@pytest.mark.parametrize("task", ["recall", "adder"])
def test_onnx_models_of_sequences_answer_like_ours(
    task: str, cell: str, home: Path, here: Path
) -> None:
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    run = trained_run(small(task).replace(cell=cell))
    export(run.name, "--to", "onnx", "-o", "models")
    assert len(list((here / "models").iterdir())) == len(run.config.replicas)
    models = models_of(run.weights)
    assert max(model.difference for model in models) < 1e-5
    # Of any number of steps, not only those of training.
    session = runtime.InferenceSession(models[1].data)
    name = session.get_inputs()[0].name
    features = session.get_inputs()[0].shape[2]
    (logits,) = session.run(None, {name: np.zeros((3, 37, features), np.float32)})
    assert logits.shape == ((3, 10) if task == "recall" else (3, 37))
    assert np.isfinite(logits).all()


def test_a_model_that_answers_otherwise_is_not_written(
    home: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    run = trained_run()
    wrong = replace(CELLS["lstm"].onnx, rows=(0, 1, 2, 3))  # gates in the wrong order
    monkeypatch.setattr(type(CELLS["lstm"]), "onnx", wrong)
    code, _, err = run_inside(["runs", "export", run.name, "--to", "onnx"])
    assert code == EXIT_FAILURE
    assert "gives other answers than ours" in assert_one_sentence(err)
    assert list(here.iterdir()) == []


def test_weights_come_without_what_training_needs(home: Path, here: Path) -> None:
    run = trained_run(stop_at=13)
    with safe_open(run.weights, framework="np") as file:
        assert any(name.startswith("training/") for name in file.keys())  # noqa: SIM118
    export(run.name, "--to", "safetensors")
    with safe_open(here / f"{run.name}.safetensors", framework="np") as file:
        assert sorted(file.keys()) == ["gates", "readout"]
    code, _, err = run_inside(["runs", "export", run.name, "--to", "safetensors"])
    assert code == EXIT_FAILURE
    assert "exists already" in assert_one_sentence(err)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.suffix])
def test_devices_and_links_stay_what_they_are(form: str, home: Path, here: Path) -> None:
    run = trained_run()
    export(run.run_id, "--to", form, "-o", "plain")
    if Path("plain").is_dir():
        return  # several networks: these go into a folder
    Path("link").symlink_to("there")
    for path in ("link", str(device("null", here))):
        before = os.lstat(path)
        export(run.run_id, "--to", form, "-o", path)
        after = os.lstat(path)
        assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)
    assert Path("there").read_bytes() == Path("plain").read_bytes()


def test_where_nothing_can_be_written(home: Path, tmp_path: Path) -> None:
    run = trained_run()
    (tmp_path / "file").touch()
    for form in ("csv", "json", "safetensors"):
        path = tmp_path / "file" / "inside"
        code, _, err = run_inside(["runs", "export", run.name, "--to", form, "-o", str(path)])
        assert code == EXIT_FAILURE
        assert "can't be written" in assert_one_sentence(err)


@pytest.mark.parametrize(
    ("form", "package", "extra"),
    [
        ("png", "matplotlib", "plots"),
        ("svg", "matplotlib", "plots"),
        ("tensorboard", "tensorboard", "tensorboard"),
        ("onnx", "onnx", "onnx"),
        ("onnx", "onnxruntime", "onnx"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(
    form: str, package: str, extra: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained_run()
    if form == "onnx" and package == "onnxruntime":
        pytest.importorskip("onnx")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    code, out, err = run_inside(["runs", "export", run.name, "--to", form])
    assert (code, out) == (EXIT_FAILURE, "")
    sentence = assert_one_sentence(err)
    assert package in sentence
    assert install_command(extra) in sentence
    assert list(here.iterdir()) == []


def test_a_format_says_its_extra() -> None:
    names = ExportFormat("names", "the names alone", f"{__name__}:export", extra="letters")
    formats = {**FORMATS, "names": names}
    assert extras_needed(formats).endswith(f"letters for names; {HOW_TO_INSTALL}.")
    assert names.load() is export


def drawing_of(losses: dict[str, tuple[float, ...]], faint: bool = False) -> str:
    """A chart of networks with a loss for each seed, twice."""
    pytest.importorskip("matplotlib")
    lines = [
        Line(label, ("run",), (1.0, 2.0), (Spread(values), Spread(values)))
        for label, values in losses.items()
    ]
    spec = Metric("val_loss", "validation loss", lower=None)
    return picture([Panel(spec, lines, lines if faint else ())], "svg", "epoch").decode()


def test_a_chart_has_a_legend_where_there_are_lines_to_tell_apart() -> None:
    legend = 'id="legend_1"'
    alone = drawing_of({"H 2": (1.0,)})
    assert legend not in alone
    assert "H 2<" not in alone
    two = drawing_of({"H 2": (1.0,), "H 3": (2.0,)})
    assert all(words in two for words in (legend, "H 2<", "H 3<"))
    of_seeds = drawing_of({"H 2": (1.0, 3.0)})
    assert all(words in of_seeds for words in (legend, "H 2 (mean ± sd, n = 2)<"))


def test_a_chart_says_what_its_faint_lines_are() -> None:
    words = ">faint: training loss<"
    assert drawing_of({"H 2": (1.0,)}, faint=True).count(words) == 1
    assert words not in drawing_of({"H 2": (1.0,)})


def test_one_network_is_a_file_and_several_a_folder(home: Path, here: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    single = trained_run(small(hidden_sizes=(2,), seeds=1))
    export(single.run_id, "--to", "onnx")
    assert [path.name for path in here.iterdir()] == [f"{single.name}.onnx"]
    pair = trained_run(small(hidden_sizes=(2,), seeds=2, seed=7))
    export(pair.run_id, "--to", "onnx", "-o", "both")
    assert sorted(os.listdir("both")) == [
        f"{pair.name}-h2-ce-seed7.onnx",
        f"{pair.name}-h2-ce-seed8.onnx",
    ]


def test_the_file_that_can_not_be_written_is_named(home: Path, here: Path) -> None:
    run = trained_run()
    Path("models", f"{run.name}.safetensors").mkdir(parents=True)
    code, _, err = run_inside(["runs", "export", run.name, "--to", "safetensors", "-o", "models"])
    assert code == EXIT_FAILURE
    assert f" models/{run.name}.safetensors can't be written" in assert_one_sentence(err)


def test_moments_are_told_in_utc_to_the_second(home: Path) -> None:
    run = trained_run()
    (exported_run,) = json.loads(export(run.name, "--to", "json"))["runs"]
    for name, seconds in (("created", run.created), ("updated", run.updated)):
        date = exported_run[name]
        assert date.endswith("+00:00")
        assert datetime.fromisoformat(date).timestamp() == int(seconds)


def test_a_band_is_as_far_above_a_curve_as_below_it_and_within_the_metric() -> None:
    figures = pytest.importorskip("matplotlib.figure")
    spreads = (Spread((80.0, 90.0)), Spread((95.0, 100.0)))
    line = Line("H 2", ("run",), (1.0, 2.0), spreads)
    spec = accuracy_metric("val_accuracy", "validation accuracy", "accuracy")
    axes = figures.Figure().subplots()
    draw_panel(axes, Panel(spec, [line]), {"H 2": "#000000"})
    (band,) = axes.collections
    corners = band.get_paths()[0].vertices
    for x, spread in zip(line.x, spreads, strict=True):
        assert spread.sd is not None
        heights = corners[corners[:, 0] == x, 1]
        assert heights.min() == pytest.approx(spread.mean - spread.sd)
        assert heights.max() == pytest.approx(min(100.0, spread.mean + spread.sd))


def test_an_export_tells_of_each_run_that_it_is_done(home: Path) -> None:
    run = trained_run()
    watched = Watched()
    with RunStore() as store:
        made = Export(FORMATS["csv"], store, [run] * 3, None, out=io.StringIO(), progress=watched)
        assert list(made.each()) == [run] * 3
    assert watched.seen == [(done, 3) for done in range(4)]
