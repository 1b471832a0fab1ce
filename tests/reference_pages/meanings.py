"""The meaning of the fields in JSON documents of which no record in `records` says it.

A key is a document and a field, or a field alone where it means the same everywhere; a field may be
the last part of a path. The tasks describe metrics, the classes of settings describe settings.
"""

from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.options import options_of

#: figures that the validation of an epoch does not have.
ONLY_OF_TESTS = {"val_auc", "val_ece", "val_temperature"}
MEANINGS = {
    # Objects that stand in several documents.
    **{
        name: f"of a data set with {answers} as answers: {words}"
        for answers, figures in {
            "numbers": {
                "rmse": "root mean squared error, in units of the column or, of several columns, the "
                "mean in standard deviations",
                "mae": "mean absolute error, in the same",
                "r2": "R²",
                "mase": "of a series: mean absolute error as a multiple of that of the last value "
                "as a forecast, over the training sequences",
            },
            "classes": {
                "balanced_accuracy": "mean recall of the classes, in percent",
                "macro_f1": "mean F1 of the classes, in percent",
                "auc": "area under the ROC curve, a class against the rest, mean of the classes",
                "ece": "expected calibration error: how far confidence and share of right answers lie "
                "apart, in percent",
                "temperature": "what logits are divided by, fitted on the validation sequences; 1 if "
                "that does not help",
            },
        }.items()
        for quantity, words in figures.items()
        for name in (f"val_{quantity}", f"test_{quantity}")
        if name not in ONLY_OF_TESTS
    },
    "Trace: steps": "time steps T of the input",
    "Trace: read": "what is read at each step, in a word or two",
    "Trace: answers": "the answer after each step",
    "Trace: probabilities": "T × outputs, 0 … 1",
    "Trace: inputs": "T × features, as the network reads them",
    "Trace: layers[].name": "such as `layer 1`, `layer 1 backward`",
    "Trace: layers[].note": "a remark on these states; usually empty",
    "Weights: cell": "of an own network: the kind of its layers",
    "Weights: recurrent": "of an own network: its recurrent modules or operators",
    "Weights: readout": "of an own network: the module that reads out",
    "Weights: directions": "of an own network: 1 or 2, for each layer",
    "Weights: features": "of an own network: the numbers that it reads at each step",
    "Weights: outputs": "of an own network: what its outputs mean",
    "Weights: numbers": "of an own network: whether its outputs are numbers, in place of classes: "
    "then `logits` of its trace are the answers",
    "Weights: answers": "of an own network: which states its readout takes, as `--answers` says",
    "Weights: alphabet": "of an own network: the symbols that it reads; `null` for numbers",
    "Weights: checked": "of an own network: whether its answers were compared with ONNX Runtime's",
    "Weights: difference": "of an own network: the largest difference from the answers that it was "
    "compared with; `null` without any",
    "val_kept_epoch": "the epoch whose weights are kept by early stopping",
    "Weights: position": "the position that it was trained for",
    "Weights: lengths": "shortest and longest sequence in its training",
    "Weights: hidden_sizes": "in a vote, in place of `hidden_size`: all that take part; of an own "
    "network, the units of each layer",
    "Weights: losses": "in a vote, in place of `loss`",
    # Training.
    "train: confusion": "counts over all seeds; rows are right answers, columns the network's answers",
    "train: sequences": "test sequences of that length",
    "train: mean": "as in [spread](#spread-over-seeds)",
    "train: sd": "as in [spread](#spread-over-seeds)",
    "train: min": "as in [spread](#spread-over-seeds)",
    "train: max": "as in [spread](#spread-over-seeds)",
    "train: n": "as in [spread](#spread-over-seeds)",
    "train: values": "as in [spread](#spread-over-seeds)",
    # Data sets of sequences.
    "train sequences: variants[].misread": (
        "wrongly answered test sequences, the most confidently answered first, or those with the largest errors"
    ),
    "variants[].classes": "of each class, how well it is known in the test",
    "variants[].classes[].name": "the class",
    "variants[].classes[].count": "test sequences, or steps, of it",
    "variants[].classes[].recall": "the share of these that are answered so, in percent",
    "variants[].classes[].precision": "the share of such answers that are right, in percent",
    "variants[].reliability": "answers to the test by their confidence, those of all seeds together",
    "variants[].reliability[].low": "confidence above this, 0 … 1",
    "variants[].reliability[].high": "and up to this",
    "variants[].reliability[].count": "answers",
    "variants[].reliability[].confidence": "their mean confidence; 0 of none",
    "variants[].reliability[].right": "the share of right ones; 0 of none",
    "variants[].outputs": "of numbers: the errors of each, in units of its column",
    "variants[].outputs[].name": "the number",
    "variants[].outputs[].count": "known targets",
    "variants[].outputs[].rmse": "root mean squared error",
    "variants[].outputs[].mae": "mean absolute error",
    "variants[].groups": "of each group of the test, the worst first; at most 20",
    "variants[].groups[].name": "the group, such as a subject",
    "variants[].groups[].sequences": "its test sequences with a known answer",
    "variants[].groups[].accuracy": "the share of its answers that are right, in percent",
    "variants[].groups[].rmse": "root mean squared error of its answers, in what `test_rmse` is in",
    "variants[].misread[].index": ("its place in the data set, from 0"),
    "variants[].misread[].name": (
        "what the file calls it, a piece with where it begins; its number from 1 if it has no name"
    ),
    "variants[].misread[].error": (
        "the share of wrong answers, 0 … 1, or the root mean squared error, in what `test_rmse` is in; mean over the seeds"
    ),
    "variants[].misread[].true": ("its class"),
    "variants[].misread[].answer": ("the most probable class by the mean over the seeds"),
    "variants[].misread[].confidence": ("the probability of `answer`, 0 … 1"),
    "ask sequences: results[].read": ("the steps as they were read"),
    "ask sequences: results[].probabilities": (
        "probability of each output; where every step has an answer, of each step"
    ),
    "data_set.classes.<class>": ("sequences of that class"),
    "data_set.parts.training": ("training sequences"),
    "data_set.parts.validation": ("validation sequences"),
    "data_set.parts.test": ("test sequences"),
    "inspect sequences: input.read": "the steps as they were read",
    "by_length": "figures by the length of the sequence",
    "length": "time steps",
    # What is the same wherever it stands.
    "task": "its name, as on the command line",
    "weights": "the file of weights",
    "layers": "recurrent layers",
    "loss": "the loss that was minimised",
    "<package>": "a version",
    "train_gradient_norm": "gradient norm",
    "train_learning_rate": "learning rate",
    "<metric>": "one entry for each length",
    # Questions.
    "recall: weights": "the network that answers",
    "add: weights": "the network that answers",
    "predict: weights": "the network that answers",
    "inspect: weights": "the network that answers",
    "results": "one answer for each question, in their order",
    "predict sequences: results": "one entry for each sequence, or each step; none with -o",
    "predict sequences: summary": "all answers together",
    "<number>": "of each number by its name",
    "<class>": "of each class by its name",
    "predict: results": "one entry for each photo, in the order of reading",
    "query": "the question, as typed",
    "digits": "the sequence",
    "recall: position": "the position asked for, from 1",
    "position": "the position asked for, from 1",
    "answer": "the network's answer",
    "expected": "the right answer",
    "correct": "whether it is right",
    "recall: probabilities": "of the ten digits, 0 … 1",
    "add: probabilities": "of a 1 at each bit, lowest first, 0 … 1",
    "line": "the number of the line on stdin that is not a question",
    "recall: error": "why it is not; such entries have only `query`, `line` and `error`",
    "add: error": "why it is not; such entries have only `query`, `line` and `error`",
    "a": "the first number, as text in `base`",
    "b": "the second number",
    "base": "`binary`, `decimal` or `hexadecimal`",
    # Photos.
    "summary": "all photos together; what is said of labels with `--labels` only",
    "predict: accuracy": "with `--labels`: `right` as a share of `labelled`, in percent",
    # A look inside.
    "input": "what was read, and the answer",
    "trace": "the states of the network after each step",
    "carries": "the true carry into each bit, lowest first",
    "test_image": "the number of the test image",
    "inspect: path": "the photo",
    "inspect: input.read": "what is read at each step",
    "inspect: input.answer": "the answer; if every step has one, all of them",
    "inspect: silence.accuracy": "1: answers are compared with those of the whole network",
    "inspect: silence.inputs": "how many random inputs were read",
    "inspect: silence.alone": "share of the answers, 0 … 1, that stay without this unit alone",
    "inspect: silence.together": "the same without this unit and all before it",
    "inspect: gradients.inputs": "how many random inputs the means are of",
    "inspect: gradients.networks": "the network, and untrained ones of the same sizes",
    "inspect: attribution": "with `--attribution`: what each step adds to the last answer, over "
    "inputs of zeros: integrated gradients",
    "inspect: attribution.total": "the sum of the parts",
    "inspect: attribution.difference": "the logit less that of inputs of zeros; `total` should "
    "equal it",
    "inspect: state_space.coloured_by": "what the labels are: `answer`",
    "inspect: automaton.length": "the length of the sequences, all of which were asked",
    "inspect: automaton.machine.outputs": "states × symbols, the answer that is put out",
    "inspect: automaton.machine.next_states": "states × symbols, the next state, from 0",
    "inspect: automaton.equivalent": "false: nobody says what is right",
    "inspect: automaton.verified": "`null`, as are all further figures: nobody says what is right",
    "inspect: attribution.answer": "the last answer, whose logit it is of",
    "inspect: attribution.steps": "the part of each step",
    "inspect: attribution.parts": "the part of each number of each step",
    "inspect: label": "what the image shows",
    "preprocessing": "how the photo was prepared",
    "digit": "28 × 28 grey levels, 0 … 1, as the network reads them",
    "settled": (
        "the step, from 1, after which the answer stays the same; null if every step has an "
        "answer of its own"
    ),
    "prefix_note": "what an answer before the last step means",
    "outputs": "the meaning of the outputs",
    "logits": "T × outputs, before softmax or sigmoid",
    "read_out": "whether the readout reads this layer",
    "importance": "the importance of each unit for the answer",
    "order": "the units, from 0, the most important first",
    "states": "T × units",
    "cells": "T × units; null for a cell type without a memory cell",
    "gates": "by the names of the gates; empty for an RNN",
    "<gate>": "T × units",
    "attribution.answer": "the digit whose logit is explained",
    "pixels": "28 × 28; positive values support the answer, negative values oppose it",
    "attribution.total": "the sum of the pixels",
    "attribution.difference": (
        "the logit of the image minus that of a blank image; `total` should equal it"
    ),
    "edited": "with `--edit`: the same input read with the edits",
    "edits": "the edits as typed, in their order",
    "edited.trace": "the states of the network after each step, with the edits",
    "silence": "with `--silence`: the accuracy without each unit",
    "silence.inputs": "number of inputs that were read",
    "silence.accuracy": "share of right answers, 0 … 1, with no unit ablated",
    "silence.layers": "the layer of each unit, in the order of `units`",
    "silence.units": "units, from 0 in their layer, the most important first",
    "alone": "share of right answers, 0 … 1, without this unit alone",
    "together": "the same without this unit and all before it",
    "gradients": "with `--gradients`: ‖∂loss/∂h‖ by step",
    "gradients.inputs": "number of inputs in the means",
    "here": "by step, for the current input",
    "gradients.networks": "the networks of the means, this one first",
    "means": "networks × steps",
    "sensitivity": "with `--sensitivity`: how strongly each output depends on each input",
    "sensitivity.outputs": "the outputs: of each step, or each class after the last step",
    "sensitivity.norms": "outputs × steps, ‖∂output/∂input‖; 0 if the input comes later",
    "state_space": "with `--state-space`: states on the plane of their two principal components",
    "state_space.layer": "the layer of the states",
    "coloured_by": "what the labels are: `carry`, `digit kept` or `class`",
    "label_names": "the names, by number",
    "explained": "the share of the variance of each of the two components, 0 … 1",
    "points": "states × 2, coordinates on the plane",
    "state_space.labels": "the number of the label of each state",
    "state_space.mean": "the state at the origin of the plane, a number for each unit",
    "components": "2 × units, the directions of the plane",
    "fixed_points": "fixed and slow points; none for networks that read images",
    "state_space.fixed_points[].input": "the input that is repeated",
    "state_space.fixed_points[].kind": "`stable`, `saddle` or `slow`",
    "speed": "q = ½‖F(z) − z‖², of one step F",
    "spectral_radius": "the largest modulus of the eigenvalues of ∂F/∂z there",
    "unstable_directions": "number of eigenvalues with a modulus above 1",
    "state_space.fixed_points[].state": "a number for each unit",
    "state_space.fixed_points[].memory": (
        "a number for each unit; null for a cell type without a memory cell"
    ),
    "fixed_point_places": "points × 2, coordinates on the plane",
    "automaton": "with `--automaton`: the finite automaton extracted from the network",
    "automaton.machine": "null if none with at most 40 states was found",
    "automaton.machine.states": "names of the states; the first is the initial one",
    "automaton.machine.outputs": "states × 4, the output bit at 00, 01, 10, 11",
    "next_states": "states × 4, the next state, from 0",
    "holds_beyond": ("whether it agrees with the network on all longer words that were tried"),
    "equivalent": "whether it is equivalent to the true automaton with two states",
    "automaton.difference": (
        "a sum that begins with a shortest word on which the two automata differ; null if none"
    ),
    "automaton.bits": "largest number of bits of the numbers in the verified sums",
    "verified": "number of these sums",
    "failing": "number of them that the network gets wrong",
    "smallest": "the smallest of those; null if there is none",
    "longer": "number of longer sums tried, up to 64 bits",
    "longer_failing": "number of them that the network gets wrong",
    "counterexamples": "the smallest wrong sum of the form 1…1 + 1, and the smallest of all others",
    "learning": "with `--learning`: ‖∂loss/∂h‖ at each snapshot of the training",
    "learning.inputs": "number of inputs in each mean",
    "learning.epochs": "the times of the snapshots, in epochs",
    "learning.norms": "snapshots × steps",
    "clicks": "with `--clicks`: when each seed first adds 64 bits without error",
    "clicks.variant": "the networks",
    "clicks.seeds": "the seeds, in the order in which they click",
    "clicks.epochs": "the times of the snapshots, in epochs",
    "clicks.right": "seeds × snapshots, share of right 64-bit sums, 0 … 1",
    "clusters": "seeds × snapshots, number of clusters of the states",
    "clicks.first": "the epoch at which each seed first adds without error; null for never",
    "carry": "with `--probes`: where the network keeps the carry",
    "additions": "random additions for the score; as many others were used for the fit",
    "carry.steps": "bits of each addition",
    "chance": "the share of the most frequent answer, 0 … 1",
    "carry.best": "the unit that predicts the carry best",
    "source": "`state` or `cell`",
    "carry.best.unit": "its number, from 0",
    "carry.state": "for the state of each unit",
    "carry.cell": "for the memory cell of each unit",
    "correlation": "Pearson's, with the carry",
    "inspect: accuracy": "share of right predictions, 0 … 1, on data that was not used for the fit",
    "threshold": "the value that separates best",
    "above": "whether values at or above the threshold mean a carry",
    "probe": "a linear probe on all states",
    "classes": "the classes that it predicts",
    "weight": "classes × units",
    "bias": "a number for each class",
    "read_here": "the carry into each bit of this addition, as the probe predicts it",
    "survival": "with `--probes`: how long each digit can be read from the state",
    "sequences": "random sequences for the score",
    "survival.positions": "the positions, from 1",
    "survival.steps": "the steps, from 1",
    "survival.accuracy": "positions × steps, 0 … 1",
    "survival.chance": "by position: the share of the most frequent digit",
    "rows": "with `--probes`: accuracy by the number of rows read",
    "images": "test images that were read",
    "rows.accuracy": "by the number of rows, 0 … 1",
    "rows.settled": "share of images whose answer does not change after this row",
    # Runs compared.
    "<run>": "its value, by the run's id",
    # Papers, and their rerun.
    "<task>": "ascending",
    "<experiment>": "all settings of its training",
    # Sweeps.
    "<setting>": "of that setting",
    # Settings of the app.
    "<entry>": "an entry",
}
#: the options of reading a file have their meanings in their rows.
MEANINGS |= {
    f"{record}.{name}": option.setting.help
    for name, option in options_of(ReadingOptions).items()
    for record in ("options", "data_sets[].reading")
}
