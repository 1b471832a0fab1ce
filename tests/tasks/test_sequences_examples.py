"""Sequences cut into batches: every one once, in order, with nothing but zeros after its end."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from rnn_tui.tasks.sequences.examples import Examples, cut_into_batches, join


@st.composite
def examples(draw: st.DrawFn) -> Examples:
    """Sequences of several seeds with a target at each step or one for all."""
    seeds, count = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    lengths = torch.tensor(
        draw(
            st.lists(
                st.lists(st.integers(1, 6), min_size=count, max_size=count),
                min_size=seeds,
                max_size=seeds,
            )
        )
    )
    longest = int(lengths.max())
    stream = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    inputs = torch.randint(1, 200, (seeds, count, longest, 2), generator=stream).byte()
    within = torch.arange(longest) < lengths[..., None]
    targets = torch.randint(1, 200, (seeds, count, longest), generator=stream).byte() * within
    if draw(st.booleans()):
        targets = targets[:, :, 0]
    return Examples(inputs * within[..., None], targets, lengths)


def sequences(inputs: Tensor, targets: Tensor, lengths: Tensor) -> list[object]:
    """Inputs and targets (N, T, …) of one seed as lists, cut at each end."""
    result: list[object] = []
    for one, target, length in zip(inputs, targets, lengths.tolist(), strict=True):
        assert not one[length:].any()
        cut = target[:length] if target.dim() else target
        result.append((one[:length].tolist(), cut.tolist()))
    return result


@given(examples(), st.integers(1, 10))
def test_batches_are_the_examples_in_order(whole: Examples, batch_size: int) -> None:
    batches = cut_into_batches(whole, batch_size, torch.device("cpu"))
    for seed in range(len(whole.inputs)):
        expected = sequences(whole.inputs[seed], whole.targets[seed], whole.lengths[seed])
        found: list[object] = []
        for step in range(-(-whole.count // batch_size)):
            batch = batches[step]
            steps, seeds, _, size = batch.inputs.shape
            rows = slice(step * batch_size, (step + 1) * batch_size)
            lengths = batch.lengths
            if lengths is None:
                lengths = torch.full((seeds, size), steps)
            assert torch.equal(lengths, whole.lengths[:, rows])
            assert steps == lengths.max()
            # (T, S, F, B) to (B, T, F); the targets (S, …, B) to (B, …).
            found += sequences(
                batch.inputs[:, seed].permute(2, 0, 1),
                batch.targets[seed].movedim(-1, 0),
                lengths[seed],
            )
        assert found == expected


@given(examples(), st.data())
def test_a_part_is_cut_to_its_longest(whole: Examples, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, whole.count - 1))
    stop = data.draw(st.integers(start + 1, whole.count + 3))
    part = whole.part(start, stop)
    assert part.count == min(stop, whole.count) - start
    assert part.inputs.shape[2] == part.lengths.max()
    for seed in range(len(whole.inputs)):
        rows = slice(start, stop)
        assert sequences(part.inputs[seed], part.targets[seed], part.lengths[seed]) == sequences(
            whole.inputs[seed, rows], whole.targets[seed, rows], whole.lengths[seed, rows]
        )


@given(examples())
def test_seeds_are_put_together_as_they_are(whole: Examples) -> None:
    # Each cut to its own longest, as it was drawn.
    parts = [
        Examples(
            whole.inputs[[seed], :, : int(whole.lengths[seed].max())],
            whole.targets[[seed], :, : int(whole.lengths[seed].max())]
            if whole.targets.dim() > 2
            else whole.targets[[seed]],
            whole.lengths[[seed]],
        )
        for seed in range(len(whole.inputs))
    ]
    together = join(parts, 0)
    assert torch.equal(together.inputs, whole.inputs)
    assert torch.equal(together.targets, whole.targets)
    assert torch.equal(together.lengths, whole.lengths)


def test_batches_of_one_length_need_no_lengths() -> None:
    lengths = torch.tensor([[3, 3, 2, 3], [3, 3, 3, 3]])
    inputs = torch.ones(2, 4, 3, 1, dtype=torch.uint8)
    batches = cut_into_batches(
        Examples(inputs, torch.zeros(2, 4, dtype=torch.uint8), lengths), 2, torch.device("cpu")
    )
    assert batches[0].lengths is None
    assert batches[1].lengths is not None
    with pytest.raises(IndexError):
        batches[2]
