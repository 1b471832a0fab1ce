"""The bands of what is hidden in a sequence, as functions of a network that has read it."""

from dataclasses import replace

import numpy as np

from rnn_tui.archive.weights import choose
from rnn_tui.engine.files.weights_file import read_weights
from rnn_tui.inside.hidden import analyse_hidden
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition
from rnn_tui.tasks.task import SequenceShape
from rnn_tui.ui.inside.bands import WordBand
from rnn_tui.ui.inside.sequences import SequenceDetails, hidden_bands, read_bands
from tests.inside.made import reading_of

SUM = Addition(0b1111, 0b1)
CARRIES = "01111"


def choose_network() -> AdderNetwork:
    source = choose("adder", only_pretrained=True)
    everybody = AdderNetwork(read_weights(source.path))
    return everybody.only(len(everybody.replicas) - 1)


def test_probe_and_best_unit_stand_below_what_is_hidden() -> None:
    network = choose_network()
    reading = reading_of(network, inputs=SUM.pairs.astype(np.float32))
    trace = reading.trace
    analysis = analyse_hidden(reading)
    for columns, labels in (
        ([("bit", range(5)), ("carry", SUM.carries)], []),
        ([], ["carry"]),  # what is not among what is read is shown first
    ):
        details = SequenceDetails(network, "", 0, "", columns)
        bands = hidden_bands(details, trace, analysis)
        assert all(isinstance(band, WordBand) for band in bands)
        *first, probe, unit = (band for band in bands if isinstance(band, WordBand))
        assert [band.label for band in first] == labels
        assert ["".join(band.words) for band in first] == [CARRIES] * len(labels)
        assert (probe.label, "".join(probe.words)) == ("by probe", CARRIES)
        assert unit.label == f"by unit {analysis.best[1]}"
        for band, row in ((probe, analysis.probe_row(trace)), (unit, analysis.unit_row(trace))):
            assert band.words == [str(value) for value in row]
            assert list(band.wrong) == [
                str(value) != true for value, true in zip(row, CARRIES, strict=True)
            ]


def test_words_are_shown_though_an_embedding_makes_numbers_of_them() -> None:
    shape = SequenceShape(3, ("n", "p"), inputs="words", vocabulary=True)
    trace = reading_of(choose_network(), inputs=SUM.pairs.astype(np.float32)).trace
    words = replace(trace, inputs=trace.inputs + 0.5, places=np.ones((5, 1), np.int64))
    details = SequenceDetails(choose_network(), "", 0, "", [])
    [band] = read_bands(shape, words, details)
    assert isinstance(band, WordBand)
    assert (band.label, tuple(band.words)) == ("words", trace.read)
