"""The settings of recall and adder: which networks they mean, and that files keep them."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.config import (
    CELL_KEY,
    Recipe,
    Replica,
    RunConfig,
    Variant,
    config_from_dict,
)
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import DEVICES
from rnn_tui.tasks.config import ImageConfig, SequenceConfig

GOOD: dict[str, Any] = {
    "task": "recall",
    "preset": "report",
    "epochs": 2,
    "batch_size": 1,
    "learning_rate": 2e-3,
    "hidden_sizes": (2, 5),
    "losses": ("ce",),
    "lengths": (3, 11),
    "training_size": 900,
    "test_size": 100,
}


WORDS = st.text(st.characters(exclude_categories=("C", "Zl", "Zp")), max_size=9)


@st.composite
def configs(draw: st.DrawFn) -> SequenceConfig:
    shortest, longest = sorted(draw(st.tuples(st.integers(1, 1000), st.integers(1, 1000))))
    seeds = draw(st.integers(1, 20) | st.just(1000))
    return SequenceConfig(
        task=draw(WORDS),
        preset=draw(WORDS),
        epochs=draw(st.integers(1, 10_000)),
        batch_size=draw(st.integers(1, 50_000)),
        learning_rate=draw(st.floats(0, 1e38, exclude_min=True)),
        seed=draw(st.integers(0, 2**32 - seeds)),
        device=draw(st.sampled_from(DEVICES)),
        workers=draw(st.integers(0, 64)),
        recipe=Recipe(fresh=draw(st.booleans())),
        hidden_sizes=tuple(draw(st.sets(st.integers(1, 256), min_size=1, max_size=8))),
        losses=tuple(draw(st.sets(st.sampled_from(["mse", "ce", "bce"]), min_size=1))),
        lengths=(shortest, longest),
        training_size=draw(st.integers(1, 1_000_000)),
        test_size=draw(st.integers(1, 100_000)),
        seeds=seeds,
        position=draw(st.none() | st.integers(1, shortest)),
    )


@given(configs())
def test_config_survives_json(config: SequenceConfig) -> None:
    back = config_from_dict(json.loads(json.dumps(config.to_dict())))
    assert back == config
    assert isinstance(back, SequenceConfig)
    assert hash(back) == hash(config)


@settings(max_examples=15)
@given(configs())
def test_replicas_are_every_variant_with_every_seed(config: SequenceConfig) -> None:
    assert len(config.variants) == len(config.hidden_sizes) * len(config.losses)
    assert len(config.replicas) == len(config.variants) * config.seeds == len(set(config.replicas))
    assert list(config.hidden_sizes) == sorted(config.hidden_sizes)
    seeds = {replica.seed for replica in config.replicas}
    assert seeds == set(range(config.seed, config.seed + config.seeds))


def test_replicas_stand_variant_by_variant() -> None:
    config = SequenceConfig(**{**GOOD, "losses": ("ce", "mse"), "seed": 7, "seeds": 2})
    assert config.variants == (
        Variant(2, "mse"),
        Variant(5, "mse"),
        Variant(2, "ce"),
        Variant(5, "ce"),
    )
    assert [variant.label for variant in config.variants] == [
        "H 2 mse",
        "H 5 mse",
        "H 2 ce",
        "H 5 ce",
    ]
    assert config.replicas[:3] == (
        Replica(Variant(2, "mse"), 7),
        Replica(Variant(2, "mse"), 8),
        Replica(Variant(5, "mse"), 7),
    )


def test_order_of_typing_makes_no_difference() -> None:
    config = SequenceConfig(**{**GOOD, "hidden_sizes": [5, 2], "losses": ["bce", "mse"]})
    same = SequenceConfig(**{**GOOD, "hidden_sizes": (2, 5), "losses": ("mse", "bce")})
    assert config == same


def test_what_it_is_called() -> None:
    one = SequenceConfig(**GOOD)
    assert (one.name, one.label, one.cell) == ("recall", "recall report", "lstm")
    many = one.replace(seeds=20)
    assert (many.name, many.label) == ("recall × 20", "recall × 20 report")
    assert "2, 5" in many.size_text
    assert "20 seeds" in many.size_text
    # Networks this small gain nothing from a GPU.
    assert one.automatic_device == "cpu"


@pytest.mark.parametrize(("position", "allowed"), [(1, True), (3, True), (4, False), (12, False)])
def test_every_training_sequence_has_the_digit_to_recall(position: int, allowed: bool) -> None:
    if allowed:
        assert SequenceConfig(**GOOD, position=position).position == position
        return
    with pytest.raises(SettingError, match=f"shortest training length, 3, not {position}"):
        SequenceConfig(**GOOD, position=position)
    with pytest.raises(SettingError):
        config_from_dict({**SequenceConfig(**GOOD).to_dict(), "position": position})


def test_the_last_seed_is_in_range_too() -> None:
    last = 2**32 - 1
    assert SequenceConfig(**GOOD, seed=last - 9, seeds=10).replicas[-1].seed == last
    with pytest.raises(SettingError, match="Seed"):
        SequenceConfig(**GOOD, seed=last - 8, seeds=10)
    with pytest.raises(SettingError, match="Seed"):
        SequenceConfig(**GOOD, seed=last).replace(seeds=2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hidden_sizes", ()),
        ("hidden_sizes", (2, 2)),
        ("hidden_sizes", (257,)),
        ("hidden_sizes", 5),
        ("hidden_sizes", None),
        ("losses", ("hinge",)),
        ("losses", "ce"),
        ("lengths", (11, 3)),
        ("lengths", (0, 3)),
        ("lengths", (3,)),
        ("lengths", None),
        ("training_size", 0),
        ("training_size", 1.5),
        ("test_size", 100_001),
        ("seeds", 0),
        ("seeds", 1001),
        ("seeds", True),
        ("seeds", None),
        ("position", 0),
        ("position", "3"),
        ("epochs", None),
        ("hidden_size", 5),
        ("model", "bilstm"),  # reads from both ends
    ],
)
def test_what_is_not_allowed_is_refused_from_a_file_too(name: str, value: Any) -> None:
    with pytest.raises(SettingError) as refused:
        config_from_dict({**SequenceConfig(**GOOD).to_dict(), name: value})
    assert str(refused.value).endswith(".")
    assert str(refused.value).isprintable()


def test_a_file_tells_which_kind_of_network_it_is_about() -> None:
    image = ImageConfig(
        task="mnist", cell="rnn", preset="report", epochs=1, batch_size=1, learning_rate=0.1
    )
    assert type(config_from_dict(image.to_dict())) is ImageConfig
    assert type(config_from_dict(SequenceConfig(**GOOD).to_dict())) is SequenceConfig
    assert image.variants == image.replicas == ()
    mixed = {**image.to_dict(), **SequenceConfig(**GOOD).to_dict()}
    with pytest.raises(SettingError):
        config_from_dict(mixed)


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        (SequenceConfig, GOOD),
        (
            ImageConfig,
            {
                "task": "mnist",
                "cell": "rnn",
                "preset": "report",
                "epochs": 1,
                "batch_size": 1,
                "learning_rate": 0.1,
            },
        ),
    ],
)
def test_what_has_no_default_is_all_that_a_configuration_needs(
    kind: type[RunConfig], least: dict[str, Any]
) -> None:
    assert kind.needs() == least.keys()
    in_a_file = {CELL_KEY if name == "cell" else name: value for name, value in least.items()}
    assert config_from_dict(in_a_file) == kind(**least)
