"""The contract of the command line, kept by running it: what goes where, and with which exit code.

Scripts read stdout, people read stderr, and shells read the exit code, so all three are checked on
a process of its own. Runs that need PyTorch are few and shared, since each takes seconds to start.
"""

import contextlib
import json
import math
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rnn_tui import __version__
from rnn_tui.archive.store import RunStore
from rnn_tui.cli.commands import build_parser
from rnn_tui.engine.settings import DEVICES, SETTINGS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.mnist import MNIST
from tests.cli.command_line import (
    EXIT_FAILURE,
    EXIT_INTERRUPTED,
    EXIT_TERMINATED,
    EXIT_USAGE,
    PATIENCE,
    assert_one_sentence,
    assert_refused,
    environment,
    in_terminal,
    rnn_tui,
    run_inside,
    screen_after,
)
from tests.members import metrics_of
from tests.program import start_program

EPOCH_METRICS = ["train_loss", "train_loss_last_batch", *metrics_of(MNIST, "val")]
TEST_METRICS = metrics_of(MNIST, "test")


def quick(data: Path, *more: str) -> list[str]:
    """Arguments of a training that takes a fraction of a second."""
    return [
        "train",
        "mnist",
        "--data-dir",
        str(data),
        "--workers",
        "1",
        "--hidden-size",
        "16",
        *more,
    ]


def figures_of(line: str) -> dict[str, float]:
    """The `name=value` pairs of a plain line."""
    return {name: float(value) for name, value in (part.split("=") for part in line.split(" "))}


# --- help and version -----------------------------------------------------------------------


@pytest.mark.process
def test_version() -> None:
    result = rnn_tui("--version")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"rnn-tui {__version__}\n", "")


def option_of(name: str) -> str:
    """The option of a setting."""
    return SETTINGS[name].option_names[0]


def words_of(task: str) -> list[str]:
    """All that the help of `train TASK` must name."""
    spec = TASKS[task]
    return [
        *("--help", "--preset", "--device", "--workers", "--output", "--json", "--quiet"),
        *map(option_of, spec.settings),
        *(setting.range_text for setting in spec.adjustable),
        *(*DEVICES, *(preset.name for preset in spec.presets)),
    ]


CHOICE = ["--weights", "--pretrained", "--hidden-size", "--loss", "--seed", "--vote"]
HELP = {
    "rnn-tui": ["--help", "--version", "train", "recall", "add", "RNN_TUI_HOME", "rnn-tui.log"],
    "train": ["--help", *TASKS],
    "train mnist": [*words_of("mnist"), "--model", "--data-dir", *MNIST.cells],
    "train recall": words_of("recall"),
    "train adder": words_of("adder"),
    "recall": ["--position", *CHOICE, "--json", "--quiet", "rnn-tui recall 3 1 4 1 5"],
    "add": ["--base", *CHOICE, "--json", "--quiet", "rnn-tui add --base decimal 13 + 29"],
}


@pytest.mark.parametrize(("command", "expected"), HELP.items(), ids=HELP)
def test_help_lists_everything(
    command: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # That it imports nothing heavy is in `test_import_hygiene`.
    monkeypatch.setenv("COLUMNS", "500")
    code, out, err = run_inside([*command.replace("rnn-tui", "").split(), "--help"])
    assert (code, err) == (0, "")
    assert [word for word in expected if word not in out] == []


@pytest.mark.parametrize("task", TASKS)
def test_parser_knows_every_option_that_help_promises(task: str) -> None:
    options = build_parser().parse_args(["train", task])
    expected = {*TASKS[task].settings, "preset", "device", "workers", "output", "json", "quiet"}
    assert expected <= set(vars(options))
    assert ("model" in options) == (len(TASKS[task].cells) > 1)


@pytest.mark.process
def test_help_needs_no_unicode() -> None:
    result = rnn_tui("train", "recall", "--help", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "--hidden-size" in result.stdout


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_data_dir_counts_wherever_it_stands(before: bool) -> None:
    option, command = ["--data-dir", "elsewhere"], ["train", "mnist"]
    arguments = [*option, *command] if before else [*command, *option]
    assert build_parser().parse_args(arguments).data_dir == "elsewhere"


# --- wrong usage ----------------------------------------------------------------------------

INVALID_VALUE = {
    "no epochs": (["--epochs", "0"], "from 1 to 10000"),
    "words for epochs": (["--epochs", "abc"], "abc"),
    "nan epochs": (["--epochs", "nan"], "nan"),
    "negative epochs": (["--epochs", "-1"], "-1"),
    "epochs beyond any float": (["--epochs", "9" * 400], "Epochs"),
    "epochs beyond what int() reads": (["--epochs", "9" * 5000], "Epochs"),
    "half an epoch": (["--epochs", "1.5"], "1.5"),
    "empty epochs": (["--epochs", ""], "Epochs"),
    "batch of none": (["--batch-size", "0"], "Batch size"),
    "learning rate 0": (["--learning-rate", "0"], "above 0"),
    "nan learning rate": (["--learning-rate", "nan"], "nan"),
    "infinite learning rate": (["--learning-rate", "inf"], "inf"),
    "negative learning rate": (["--learning-rate", "-1"], "-1"),
    "no units": (["--hidden-size", "0"], "Hidden size"),
    "five layers": (["--layers", "5"], "from 1 to 4"),
    "seed of 33 bits": (["--seed", str(2**32)], str(2**32)),
    "negative seed": (["--seed", "-1"], "-1"),
    "unknown model": (["--model", "mlp"], "mlp"),
    "unknown preset": (["--preset", "slow"], "slow"),
    "unknown device": (["--device", "tpu"], "tpu"),
    "words for workers": (["--workers", "abc"], "abc"),
    "negative workers": (["--workers", "-1"], "-1"),
    "too many workers": (["--workers", "65"], "65"),
    "unknown option": (["--speed", "9"], "--speed"),
    "abbreviation": (["--epoch", "1"], "--epoch"),
    "abbreviation of two options": (["--mod", "lstm", "--d", "cpu"], "--d"),
    "option without its value": (["--epochs"], "--epochs"),
    "markup in a number": (["--epochs", "[red]x[/]"], "[red]x[/]"),
    "escape codes in a number": (["--epochs", "\x1b[31mx\x1b]0;title\x07"], "Epochs"),
    "escape codes in a choice": (["--model", "\x1b[31mx\nsecond line"], "--model"),
    "escape codes in workers": (["--workers", "\x1b[31mx\r"], "--workers"),
    "escape codes in an option": (["--\x1b[31mx"], "unrecognized"),
    "escape codes in an argument": (["\x1b]0;title\x07"], "unrecognized"),
}


@pytest.mark.parametrize(("arguments", "named"), INVALID_VALUE.values(), ids=INVALID_VALUE)
def test_wrong_usage_exits_with_2_and_a_sentence(arguments: list[str], named: str) -> None:
    code, out, err = run_inside(["train", "mnist", *arguments])
    assert code == EXIT_USAGE
    assert named in assert_refused(out, err)


WRONG_FOR_SEQUENCES = {
    "a size twice": ("recall", ["--hidden-size", "2,2"], "different"),
    "no sizes": ("recall", ["--hidden-size", ""], "Hidden sizes"),
    "a size of 0": ("adder", ["--hidden-size", "0,5"], "from 1 to 256"),
    "nine sizes": ("adder", ["--hidden-size", "1,2,3,4,5,6,7,8,9"], "1 to 8"),
    "unknown loss": ("adder", ["--loss", "mse,mae"], "mae"),
    "no loss": ("adder", ["--loss", ","], "Losses"),
    "no seeds": ("recall", ["--seeds", "0"], "from 1 to 1000"),
    "seeds beyond 32 bits": ("recall", ["--seed", str(2**32 - 1), "--seeds", "2"], str(2**32)),
    "lengths upside down": ("adder", ["--lengths", "11-3"], "range such as"),
    "words for lengths": ("adder", ["--lengths", "short-long"], "short-long"),
    "position beyond the shortest": ("recall", ["--position", "4"], "at most the shortest"),
    "position 0": ("recall", ["--position", "0"], "from 1 to 1000"),
    "position in a sum": ("adder", ["--position", "1"], "--position"),
    "no training": ("recall", ["--training-size", "0"], "Training set"),
    "words for the test": ("recall", ["--test-size", "x"], "Test set"),
    "data folder": ("recall", ["--data-dir", "/tmp"], "--data-dir"),
    "abbreviation": ("recall", ["--hidden", "3"], "--hidden"),
    "escape codes in a list": ("recall", ["--hidden-size", "\x1b[31m2"], "Hidden sizes"),
    "escape codes in a name": ("recall", ["--loss", "\x1b]0;title\x07"], "Losses"),
    "escape codes in a range": ("recall", ["--lengths", "3-\x1b[31m\n"], "Lengths"),
}


@pytest.mark.parametrize(
    ("task", "arguments", "named"), WRONG_FOR_SEQUENCES.values(), ids=WRONG_FOR_SEQUENCES
)
def test_wrong_settings_of_sequences_exit_with_2_and_a_sentence(
    task: str, arguments: list[str], named: str
) -> None:
    code, out, err = run_inside(["train", task, *arguments])
    assert code == EXIT_USAGE
    assert named in assert_refused(out, err)


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["fly"], ["train"], ["train", "cifar"], ["\x1b[31m"]])
def test_unknown_commands_exit_with_2_and_a_sentence(arguments: list[str]) -> None:
    result = rnn_tui(*arguments)
    assert result.returncode == EXIT_USAGE
    assert_refused(result.stdout, result.stderr)


def is_allowed(name: str, text: str) -> bool:
    """Whether a setting takes `text`; what is allowed would start a training."""
    try:
        SETTINGS[name].parse(text)
    except Exception:  # noqa: BLE001 - whatever is raised, it is not allowed; the test goes on
        return False
    return True


junk = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="\x1b\x07\x00\x9b[];0123456789m\n\r\t\u202e", max_size=20),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(
        ["1_000_000", "9" * 400, "٣٣٣٣٣٣٣", "0x10", "1e400", "-inf", "NaN", " ", "½", "[bold]"]
    ),
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.sampled_from([(task, name) for task in TASKS for name in TASKS[task].settings]),
    text=junk,
)
def test_any_junk_for_a_setting_is_refused_in_a_sentence(
    where: tuple[str, str], text: str, home: Path
) -> None:
    task, name = where
    arguments = ["train", task, f"{option_of(name)}={text}"]
    if is_allowed(name, text):
        value = getattr(build_parser().parse_args(arguments), name)
        assert SETTINGS[name].check(value) == value
        return
    code, out, err = run_inside(arguments)
    assert code == EXIT_USAGE
    assert SETTINGS[name].label in assert_refused(out, err)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(option=st.sampled_from(["--model", "--preset", "--device", "--workers"]), text=junk)
def test_any_junk_for_a_choice_is_refused_in_a_sentence(option: str, text: str, home: Path) -> None:
    choices = (*MNIST.cells, *DEVICES, *(preset.name for preset in MNIST.presets))
    with contextlib.suppress(ValueError):
        text = f"{int(text)}?"
    if text in choices:
        return
    code, out, err = run_inside(["train", "mnist", f"{option}={text}"])
    assert code == EXIT_USAGE
    assert option in assert_refused(out, err)


# --- training, stdout piped -----------------------------------------------------------------


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A home for the runs that several tests look at."""
    return str(tmp_path_factory.mktemp("shared-home"))


@pytest.fixture(scope="module")
def plain_run(mnist_slice: Path, shared_home: str) -> subprocess.CompletedProcess[str]:
    """Two epochs, told in plain lines, with the variables that build servers set for colours."""
    return rnn_tui(
        *quick(mnist_slice, "--epochs", "2", "--seed", "7"),
        RNN_TUI_HOME=shared_home,
        FORCE_COLOR="1",
        TTY_COMPATIBLE="1",
    )


@pytest.fixture(scope="module")
def json_run(mnist_slice: Path, shared_home: str) -> subprocess.CompletedProcess[str]:
    """The same two epochs, told in JSON."""
    arguments = quick(mnist_slice, "--epochs", "2", "--seed", "7", "--json")
    return rnn_tui(*arguments, RNN_TUI_HOME=shared_home)


@pytest.mark.process
def test_piped_output_is_one_plain_line_per_epoch(
    plain_run: subprocess.CompletedProcess[str],
) -> None:
    assert plain_run.returncode == 0
    assert plain_run.stderr == ""
    assert plain_run.stdout.endswith("\n")
    assert "\x1b" not in plain_run.stdout  # colours forced or not: what reads a pipe knows none
    lines = [figures_of(line) for line in plain_run.stdout.splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert list(lines[0]) == ["epoch", *EPOCH_METRICS, "seconds"]
    assert list(lines[1]) == ["epoch", *EPOCH_METRICS, "seconds", *TEST_METRICS]
    assert all(math.isfinite(value) for line in lines for value in line.values())


@pytest.mark.process
def test_json_is_one_document_with_the_promised_keys(
    json_run: subprocess.CompletedProcess[str],
) -> None:
    assert json_run.returncode == 0
    assert json_run.stderr == ""
    document = json.loads(json_run.stdout)
    assert list(document)[:10] == [
        *("task", "model", "preset", "seed", "device", "parameters", "seconds"),
        *("test_accuracy", "test_loss", "history"),
    ]
    assert (document["task"], document["model"], document["preset"]) == ("mnist", "lstm", "report")
    assert document["seed"] == 7
    assert document["device"] in ("cpu", "cuda:0", "mps")
    # Four gates of 28·16 + 16·16 weights and 2·16 biases each; a readout of all 28 states.
    assert document["parameters"] == 4 * (28 * 16 + 16 * 16 + 2 * 16) + 28 * 16 * 10 + 10
    assert document["seconds"] > 0
    assert document["status"] == "finished"
    for epoch, row in enumerate(document["history"], start=1):
        assert list(row) == ["epoch", *EPOCH_METRICS, "seconds"]
        assert row["epoch"] == epoch
    assert len(document["history"]) == 2


@pytest.mark.process
def test_accuracies_are_percentages(json_run: subprocess.CompletedProcess[str]) -> None:
    # Even two epochs of a tiny LSTM on 1,000 images beat 15 %, and a share is never above 1.
    document = json.loads(json_run.stdout)
    accuracies = [document["test_accuracy"], *(r["val_accuracy"] for r in document["history"])]
    assert all(1 < accuracy <= 100 for accuracy in accuracies)
    # 200 images in the test set and 200 set aside for validation: half a percent each.
    assert all(accuracy * 2 == pytest.approx(round(accuracy * 2)) for accuracy in accuracies)


@pytest.mark.process
def test_same_seed_gives_the_same_figures(
    plain_run: subprocess.CompletedProcess[str],
    json_run: subprocess.CompletedProcess[str],
    mnist_slice: Path,
    home: Path,
) -> None:
    arguments = quick(mnist_slice, "--epochs", "2", "--seed", "7", "--json")
    again = json.loads(run_inside(arguments)[1])
    document = json.loads(json_run.stdout)
    assert without_times(again) == without_times(document)
    # The plain lines tell the same run, to six digits.
    last = figures_of(plain_run.stdout.splitlines()[-1])
    for name in TEST_METRICS:
        assert last[name] == pytest.approx(document[name], rel=1e-5)
    for name in EPOCH_METRICS:
        assert last[name] == pytest.approx(document["history"][-1][name], rel=1e-5)


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    """What two runs of the same settings must share, to the last bit."""
    shared = {k: v for k, v in document.items() if k not in ("seconds", "run", "weights")}
    shared["history"] = [
        {k: v for k, v in row.items() if k != "seconds"} for row in document["history"]
    ]
    return shared


@pytest.mark.process
def test_weights_of_a_finished_run_can_be_loaded(
    json_run: subprocess.CompletedProcess[str],
) -> None:
    from rnn_tui.engine.training.checkpoint import load_checkpoint  # noqa: PLC0415 - torch, on use only

    document = json.loads(json_run.stdout)
    checkpoint = load_checkpoint(Path(document["weights"]))
    assert sum(w.numel() for w in checkpoint.weights.values()) == document["parameters"]
    assert checkpoint.step == 2 * 10
    assert checkpoint.metrics["test_accuracy"] == document["test_accuracy"]
    assert checkpoint.config.to_dict() == document["settings"]


def test_quiet_prints_the_result_only(mnist_slice: Path) -> None:
    code, out, err = run_inside(quick(mnist_slice, "--epochs", "2", "--quiet"))
    assert (code, err) == (0, "")
    assert re.fullmatch(r"test accuracy \d+\.\d\d %  test loss \d+\.\d{4}  \d+\.\d s\n", out)


# --- failures -------------------------------------------------------------------------------


@pytest.mark.process
def test_absent_device_exits_with_1_and_a_sentence(mnist_slice: Path) -> None:
    # No process sees a CUDA device where this variable hides them all.
    result = rnn_tui(*quick(mnist_slice, "--device", "cuda"), CUDA_VISIBLE_DEVICES="")
    assert (result.returncode, result.stdout) == (EXIT_FAILURE, "")
    assert "cuda" in assert_one_sentence(result.stderr)


@pytest.mark.parametrize("output", [[], ["--json"]], ids=["plain", "json"])
def test_damaged_data_exits_with_1_and_names_the_file(
    output: list[str], mnist_slice: Path, tmp_path: Path
) -> None:
    shutil.copytree(mnist_slice, tmp_path, dirs_exist_ok=True)
    damaged = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    code, out, err = run_inside(quick(tmp_path, *output))
    assert (code, out) == (EXIT_FAILURE, "")
    assert str(damaged) in assert_one_sentence(err)


def test_absent_data_with_a_hostile_name_is_named_harmlessly() -> None:
    code, out, err = run_inside(quick(Path("/no/\x1b[31m[red]such\nplace")))
    assert (code, out) == (EXIT_FAILURE, "")
    assert "[red]such" in assert_one_sentence(err)


@pytest.mark.parametrize("output", [[], ["--json"]], ids=["plain", "json"])
def test_divergence_exits_with_1_and_names_the_step(output: list[str], mnist_slice: Path) -> None:
    code, out, err = run_inside(quick(mnist_slice, "--learning-rate", "1e38", *output))
    assert (code, out) == (EXIT_FAILURE, "")
    sentence = assert_one_sentence(err)
    assert re.search(r"at step \d+ \(epoch 1\)", sentence)
    assert "1e+38" in sentence


@pytest.mark.process
def test_unwritable_home_costs_warnings_and_no_training(mnist_slice: Path, tmp_path: Path) -> None:
    # A file where the folder should be: unwritable for every user, root too.
    occupied = tmp_path / "occupied"
    occupied.write_text("")
    result = rnn_tui(*quick(mnist_slice, "--epochs", "2"), RNN_TUI_HOME=str(occupied))
    assert result.returncode == EXIT_FAILURE
    assert len(result.stdout.splitlines()) == 2
    *sentences, last = result.stderr.splitlines(keepends=True)
    for sentence in map(assert_one_sentence, sentences):
        assert str(occupied) in sentence
        assert "RNN_TUI_HOME" in sentence
    assert "train it again" in assert_one_sentence(last)


@pytest.mark.process
def test_closed_pipe_leaves_no_traceback(mnist_slice: Path) -> None:
    process = start_program(
        *quick(mnist_slice, "--epochs", "10000"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        assert process.stdout.readline().startswith(b"epoch=1 ")
        process.stdout.close()
        # It ends by itself, long before its 10,000 epochs are done.
        assert process.wait(PATIENCE) != 0
        assert process.stderr.read() == b""
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


# --- signals --------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
# The other two pairs are in `test_train_sequences`.
@pytest.mark.parametrize(
    ("number", "as_json"),
    [(signal.SIGINT, True), pytest.param(signal.SIGTERM, False, marks=pytest.mark.long)],
    ids=["INT", "TERM"],
)
def test_signal_stops_and_keeps_the_weights(
    number: signal.Signals, as_json: bool, mnist_slice: Path, home: Path
) -> None:
    from rnn_tui.engine.training.checkpoint import load_checkpoint  # noqa: PLC0415 - torch, on use only

    arguments = quick(mnist_slice, "--epochs", "10000", *(["--json"] if as_json else []))
    process = start_program(
        *arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    try:
        give_up = time.monotonic() + PATIENCE
        # The first epoch's weights on disk are the sign that training is under way.
        while not list(home.glob("runs/*/*.safetensors")) and time.monotonic() < give_up:
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    expected = EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_TERMINATED
    assert process.returncode == expected
    [weights] = home.glob("runs/*/*")
    checkpoint = load_checkpoint(weights)
    assert checkpoint.step >= 10
    if as_json:
        document = json.loads(stdout)
        assert stderr == ""
        assert document["status"] == "stopped"
        assert document["test_accuracy"] is None
        assert document["test_loss"] is None
        assert document["weights"] == str(weights)
        epochs = [row["epoch"] for row in document["history"]]
    else:
        sentence = assert_one_sentence(stderr)
        assert f"step {checkpoint.step};" in sentence
        assert str(weights) in sentence
        epochs = [int(figures_of(line)["epoch"]) for line in stdout.splitlines()]
    # Ten steps an epoch; one that is stopped after its last step, but not validated, isn't told.
    assert epochs == list(range(1, len(epochs) + 1))
    assert checkpoint.step - 10 <= 10 * len(epochs) <= checkpoint.step


# --- terminals ------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.parametrize("variables", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}], ids=str)
def test_app_without_a_terminal_says_so_in_one_sentence(variables: dict[str, str]) -> None:
    result = rnn_tui(**variables)
    assert (result.returncode, result.stdout) == (EXIT_USAGE, "")
    assert "terminal" in assert_one_sentence(result.stderr)


@pytest.fixture(scope="module")
def coloured(mnist_slice: Path, shared_home: str) -> tuple[int, str]:
    """A training on a terminal with colours, long enough for the bar to be drawn in it."""
    arguments = quick(mnist_slice, "--epochs", "6", "--hidden-size", "128")
    return in_terminal(arguments, {"RNN_TUI_HOME": shared_home})


@pytest.mark.process
def test_terminal_gets_a_bar_with_rate_and_time_left(coloured: tuple[int, str]) -> None:
    code, output = coloured
    assert code == 0
    text = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", output)
    assert re.search(r"LSTM · epoch \d/6 .*[\d,]+ images/s .*\d+:\d\d left", text)
    assert output.rfind("\x1b[?25h") > output.rfind("\x1b[?25l")  # the cursor is back


@pytest.mark.process
def test_terminal_keeps_one_line_per_epoch_and_the_result(coloured: tuple[int, str]) -> None:
    lines = [line for line in screen_after(coloured[1]) if line]
    assert lines.pop(0) == "rnn-tui: 116,746 parameters."
    end = next(at for at, line in enumerate(lines) if line.startswith("rnn-tui: Run "))
    lines = lines[:end]  # before what to do next
    figures = (
        r"training loss [\d.]+  validation loss [\d.]+  validation accuracy [\d.]+ %  [\d.]+ s"
    )
    for epoch, line in enumerate(lines[:6], start=1):
        assert re.fullmatch(rf"epoch +{epoch}  {figures}", line), lines
    assert re.fullmatch(r"test accuracy [\d.]+ %  test loss [\d.]+  [\d.]+ s", lines[6])
    assert len(lines) == 7, lines


@pytest.mark.long
def test_terminal_with_no_color_gets_no_colour(mnist_slice: Path) -> None:
    code, output = in_terminal(quick(mnist_slice, "--epochs", "2"), {"NO_COLOR": "1"})
    assert code == 0
    assert not re.search(r"\x1b\[[0-9;]*m", output)
    assert "validation accuracy" in output


@pytest.mark.parametrize("name", ["cuda:7", "cuda:x"])
def test_a_gpu_that_is_not_there_is_refused_with_what_is(mnist_slice: Path, name: str) -> None:
    code, out, err = run_inside(quick(mnist_slice, "--device", name))
    if name == "cuda:x":
        assert code == EXIT_USAGE
        assert "cuda:x" in assert_refused(out, err)
    else:
        assert (code, out) == (EXIT_FAILURE, "")
        assert (
            re.search(r"no cuda:7 device .* choose auto, .*cpu", assert_one_sentence(err))
            or "auto or cpu" in err
        )


def test_a_failed_gpu_is_told_in_a_sentence(
    mnist_slice: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = "The GPU cuda:0 has failed, and so on: restart rnn-tui, then resume the run."
    monkeypatch.setattr("rnn_tui.engine.training.devices._FAILED", {"cuda:0": failed})
    monkeypatch.setattr("rnn_tui.engine.training.devices.devices_here", lambda: ["cuda:0", "cpu"])
    code, out, err = run_inside(quick(mnist_slice, "--device", "cuda"))
    assert (code, out) == (EXIT_FAILURE, "")
    assert assert_one_sentence(err) == f"rnn-tui: {failed}"


# --- did you mean ---------------------------------------------------------------------------

MISTYPED = {
    "a command": ("trian recall", "rnn-tui: error", "“train”"),
    "a task": ("train recal", "rnn-tui train: error", "“recall”"),
    "a preset": ("train recall --preset fats", "rnn-tui train recall: error", "“fast”"),
    "a cell": ("train mnist --cell lsmt", "rnn-tui train mnist: error", "“lstm”"),
    "an option": ("train recall --sed 3", "rnn-tui train recall: error", "“--seed”"),
    "an option with a value": ("add 1 1 --bass=decimal", "rnn-tui add: error", "“--base”"),
    "an option of runs": ("runs show last --jsno", "rnn-tui runs show: error", "“--json”"),
    "what a sweep varies": ("sweep recall loss=ce,bce", "rnn-tui sweep", "“--grid loss=ce,bce”"),
    "a setting of a sweep": ("sweep recall --grid hiden_size=2,3", "rnn-tui", "“hidden_size”"),
}


@pytest.mark.parametrize(("line", "start", "meant"), MISTYPED.values(), ids=MISTYPED)
def test_a_mistyped_word_is_answered_by_the_one_that_was_meant(
    line: str, start: str, meant: str
) -> None:
    code, out, err = run_inside(line.split())
    assert code == EXIT_USAGE
    sentence = assert_refused(out, err)
    assert sentence.startswith(start)
    assert f"did you mean {meant}?" in sentence


def test_an_option_before_its_task_is_told_to_come_after_it() -> None:
    for line in ("train --preset fast adder", "train --prest fast", "sweep --seeds 3 recall"):
        words = line.split()
        code, out, err = run_inside(words)
        assert code == EXIT_USAGE
        assert f"options such as {words[1]} come after TASK" in assert_refused(out, err)


def test_a_mistyped_option_prints_the_usage_of_its_command() -> None:
    _, _, err = run_inside(["runs", "show", "last", "--jsno"])
    assert err.startswith("usage: rnn-tui runs show ")


def test_a_mistyped_run_is_answered_by_the_one_that_was_meant(home: Path) -> None:
    code, _, _ = run_inside(
        [
            "train",
            "recall",
            "--preset",
            "fast",
            "--epochs",
            "1",
            "--training-size",
            "320",
            "--quiet",
        ]
    )
    assert code == 0
    name = json.loads(run_inside(["runs", "--json"])[1])["runs"][0]["name"]
    for command in (["runs", "show"], ["recall", "314", "--run"]):
        _, _, err = run_inside([*command, name.replace("recall", "reclal")])
        assert f"did you mean “{name}”?" in assert_one_sentence(err)
    picture = ["runs", "export", name, "--to", "png", "--metric", "val_acuracy"]
    assert "did you mean “val_accuracy”?" in assert_one_sentence(run_inside(picture)[2])


def test_a_run_has_the_name_it_is_given(home: Path) -> None:
    small = ["train", "recall", "--epochs", "1", "--training-size", "20", "--hidden-size", "2"]
    code, _, err = run_inside([*small, "--name", "first try", "--quiet"])
    assert code == 0, err
    with RunStore() as store:
        assert store.find("last").name == "first try"
    code, _, err = run_inside([*small, "--name", "last"])
    assert code != 0
    assert_one_sentence(err)
