"""Finds the network and the input that `rnn-tui inspect` looks into, and analyses them."""

from functools import partial
from typing import TYPE_CHECKING, Any

from rnn_tui.archive.weights import (
    NETWORKS,
    choose_shipped,
    named_weights,
    trained_networks,
    weights_document,
)
from rnn_tui.cli import output
from rnn_tui.cli.inspect.own import OwnInput, inspection_of
from rnn_tui.cli.inspect.request import ImageInput, InspectRequest, QuestionInput
from rnn_tui.cli.questions import questions_to
from rnn_tui.engine.errors import UnreadableError, printable
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.training.history import read_history
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.tasks.mnist import MNIST

if TYPE_CHECKING:
    from rnn_tui.inside.inspection import Inspection

# NumPy and OpenCV are loaded on use: `--help` knows the requests, and does without.


def read_input(request: InspectRequest) -> "Inspection":
    """Have the network read its input, and once more with the edits, if there are any."""
    inspection = _inspection_of(request.input)
    if request.edits:
        inspection.edit(request.edits)
    return inspection


def _inspection_of(network_input: QuestionInput | ImageInput | OwnInput) -> "Inspection":
    match network_input:
        case QuestionInput():
            return _question(network_input)
        case ImageInput():
            return _image(network_input)
        case OwnInput():
            return inspection_of(network_input)


def _question(network_input: QuestionInput) -> "Inspection":
    from rnn_tui.inside.inspection import QuestionInspection

    task = network_input.task
    questions = questions_to(network_input.networks, task, network_input.details)
    # an analysis of the whole network needs some input that the network has read
    text = questions.example if network_input.text is None else network_input.text
    trained = partial(trained_networks, task.name)
    return QuestionInspection(questions, text, trained, partial(read_history, questions.path))


def _image(network_input: ImageInput) -> "Inspection":
    from rnn_tui.inside.image_network import read_test_image
    from rnn_tui.inside.images import DigitInspection
    from rnn_tui.tasks.images.inference import RowReaderNetwork

    source = named_weights(MNIST.name, network_input.weights, network_input.run)
    if source is None:
        source = choose_shipped(MNIST.name, network_input.cell)
    network = NETWORKS.get(source.path, RowReaderNetwork)
    weights = weights_document(source, network)
    compared: dict[str, Any] = {
        "trained": partial(trained_networks, MNIST.name, like=network.config),
        "history": partial(read_history, source.path),
    }
    number = network_input.test_image
    if number is not None:
        digit, label = read_test_image(number, network.config)
        described = {"test_image": number}
        return DigitInspection(
            network, weights, digit, described, f"test image {number}", label, **compared
        )
    from rnn_tui.photos.reader import PhotoReader

    path = network_input.photo
    assert path is not None  # the request has either
    [photo] = next(PhotoReader(network, network_input.preprocessing).read([path]))
    if photo.digit is None:
        raise UnreadableError(f"{printable(path, 200)} can't be read: {photo.error}.")
    return DigitInspection(
        network,
        weights,
        photo.digit,
        {"path": str(path), "preprocessing": network_input.preprocessing},
        printable(path, 200),
        notices=(photo.doubt,) if photo.doubt else (),
        **compared,
    )


def analyse(inspection: "Inspection", kind: AnalysisKind, *, quiet: bool) -> int | None:
    """Make an analysis, with a bar; returns None, or the exit code if a signal stopped it."""
    bar = output.ProgressBar(kind.name, quiet=quiet, counted=True)
    progress = Progress(bar.show)
    with stopping_on_signals(progress.control.stop_by_signal) as signals, bar:
        made = inspection.analyse(kind, progress)
    if signals:
        return output.stopped(signals)
    return None if made else output.FAILURE
