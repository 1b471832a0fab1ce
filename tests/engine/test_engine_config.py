"""Settings: what is allowed passes through files unharmed, the rest is refused in a sentence."""

import json
import math
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.config import Recipe, config_from_dict
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import DEVICES, SETTINGS, NumberSetting
from rnn_tui.networks import CELLS
from rnn_tui.tasks.config import ImageConfig

GOOD: dict[str, Any] = {
    "task": "mnist",
    "cell": "lstm",
    "preset": "report",
    "epochs": 10,
    "batch_size": 100,
    "learning_rate": 1e-3,
}
# The numbers that belong to a network that reads images; sequences have a file of their own.
NUMBERS: dict[str, NumberSetting] = {
    name: setting
    for name, setting in SETTINGS.items()
    if isinstance(setting, NumberSetting) and name in ImageConfig.__dataclass_fields__
}
WHOLE = [name for name, setting in NUMBERS.items() if setting.whole]
unit = st.floats(0, 1, exclude_max=True)

recipes = st.builds(
    Recipe,
    initialisation=st.sampled_from(["pytorch", "orthogonal"]),
    input_gain=st.floats(0, 10),
    clip=st.floats(0, 10),
    noise=st.floats(0, 10),
    forget_bias=st.floats(-5, 5),
    last_forget_bias=st.none() | st.floats(-5, 5),
    standardise=st.booleans(),
    augmentation=st.sampled_from(["none", "shift", "elastic"]),
    beta1=unit,
    beta2=unit,
    schedule=st.sampled_from(["constant", "one-cycle"]),
    rise=unit,
    bfloat16=st.booleans(),
    label_smoothing=unit,
    average=unit,
    training_words=st.sampled_from(["even", "dirichlet"]),
    fresh=st.booleans(),
) | st.builds(Recipe, fresh=st.just(True), training_lengths=st.just("growing"))
WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=9)
configs = st.builds(
    ImageConfig,
    task=WORDS,
    cell=st.sampled_from(tuple(CELLS)),
    preset=WORDS,
    epochs=st.integers(1, 10_000),
    batch_size=st.integers(1, 50_000),
    learning_rate=st.floats(0, 1e38, exclude_min=True),
    hidden_size=st.integers(1, 4096),
    layers=st.integers(1, 4),
    seed=st.integers(0, 2**32 - 1),
    device=st.sampled_from(DEVICES),
    workers=st.integers(0, 64),
    data_dir=st.none() | st.text(max_size=20),
    recipe=recipes,
)


def one_sentence(message: str) -> bool:
    harmless = all(unicodedata.category(character)[0] != "C" for character in message)
    return harmless and len(message.splitlines()) == 1 and message.endswith(".")


@given(configs)
def test_config_survives_json(config: ImageConfig) -> None:
    assert config_from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize("name", NUMBERS)
def test_limits_themselves_are_allowed_and_the_next_values_are_not(name: str) -> None:
    setting = NUMBERS[name]
    if setting.whole:
        low, high = int(setting.low), int(setting.high)
        allowed, refused_values = [low, high], [low - 1, high + 1]
    else:
        above_low = math.nextafter(setting.low, math.inf)
        below_low = math.nextafter(setting.low, -math.inf)
        allowed = [above_low if setting.above else setting.low, setting.high]
        refused_values = [
            setting.low if setting.above else below_low,
            math.nextafter(setting.high, math.inf),
        ]
    for value in allowed:
        assert getattr(ImageConfig(**{**GOOD, name: value}), name) == value
        assert setting.parse(str(value)) == value
    for value in refused_values:
        with pytest.raises(SettingError) as refused:
            ImageConfig(**{**GOOD, name: value})
        assert one_sentence(str(refused.value))
        assert setting.label in str(refused.value)
        assert setting.range_text in str(refused.value)
        with pytest.raises(SettingError):
            setting.parse(str(value))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, False, -1])
def test_what_is_no_number_in_range_is_refused(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=NUMBERS[name].label) as refused:
        ImageConfig(**{**GOOD, name: value})
    assert one_sentence(str(refused.value))


@pytest.mark.parametrize("name", WHOLE)
def test_half_an_epoch_is_refused(name: str) -> None:
    values = ImageConfig(**GOOD).to_dict()
    with pytest.raises(SettingError, match="whole number"):
        config_from_dict({**values, name: 1.5})


@pytest.mark.parametrize("name", WHOLE)
def test_half_an_epoch_is_refused_when_the_config_is_made(name: str) -> None:
    with pytest.raises(SettingError, match="whole number"):
        ImageConfig(**{**GOOD, name: 1.5})


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", ["10", None, [1], {}])
def test_from_dict_refuses_wrong_types(name: str, value: Any) -> None:
    with pytest.raises(SettingError):
        config_from_dict({**ImageConfig(**GOOD).to_dict(), name: value})


@pytest.mark.parametrize("name", WHOLE)
def test_astronomic_whole_numbers_are_refused(name: str) -> None:
    with pytest.raises(SettingError, match=NUMBERS[name].label):
        NUMBERS[name].parse("9" * 400)
    with pytest.raises(SettingError):
        config_from_dict({**ImageConfig(**GOOD).to_dict(), name: 10**400})


def test_from_dict_refuses_missing_and_unknown_settings() -> None:
    values = ImageConfig(**GOOD).to_dict()
    for broken in (
        {},
        {key: value for key, value in values.items() if key != "epochs"},
        {**values, "momentum": 0.9},
        {**values, "recipe": {"momentum": 0.9}},
        {**values, "recipe": 5},
    ):
        with pytest.raises(SettingError) as refused:
            config_from_dict(broken)
        assert one_sentence(str(refused.value))


@pytest.mark.parametrize(("name", "value"), [("cell", "mlp"), ("device", "tpu"), ("workers", 65)])
def test_choices_are_named_when_missed(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=str(value)) as refused:
        ImageConfig(**{**GOOD, name: value})
    assert str(refused.value).startswith(name.capitalize())


@pytest.mark.parametrize("name", ["cell", "device"])
def test_escape_sequences_in_a_choice_do_not_reach_the_terminal(name: str) -> None:
    with pytest.raises(SettingError) as refused:
        ImageConfig(**{**GOOD, name: "\x1b[2J\nlstm"})
    assert one_sentence(str(refused.value))


def test_escape_sequences_in_a_settings_file_do_not_reach_the_terminal() -> None:
    with pytest.raises(SettingError) as refused:
        config_from_dict({**ImageConfig(**GOOD).to_dict(), "\x1b[2J": 1})
    assert one_sentence(str(refused.value))


@given(st.sampled_from(sorted(NUMBERS)), st.text() | st.integers().map(str) | st.floats().map(str))
def test_parse_gives_an_allowed_number_or_a_sentence(name: str, text: str) -> None:
    setting = NUMBERS[name]
    try:
        value = setting.parse(text)
    except SettingError as refused:
        message = str(refused)
    else:
        message = f"{setting.label}."
        assert setting.low <= value <= setting.high
        assert isinstance(value, int) is setting.whole
        assert getattr(ImageConfig(**{**GOOD, name: value}), name) == value
    assert one_sentence(message)
    assert message.startswith(setting.label)
    assert len(message) < 120


def test_parse_reads_what_people_type() -> None:
    assert SETTINGS["epochs"].parse(" 12 ") == 12
    assert SETTINGS["learning_rate"].parse("1e-3") == 0.001
    for text in ("", "1.5", "1e3", "ten", "0x10"):
        with pytest.raises(SettingError):
            SETTINGS["epochs"].parse(text)


def test_messages_read_as_sentences() -> None:
    epochs = NumberSetting("epochs", "Epochs", "", 1, 10_000)
    with pytest.raises(SettingError) as refused:
        epochs.parse("0")
    assert str(refused.value) == "Epochs must be a whole number from 1 to 10000, not 0."
    rate = NumberSetting("rate", "Rate", "", 0.0, 1.0, whole=False, above=True)
    with pytest.raises(SettingError) as refused:
        rate.parse("\x1b[31mlots")
    assert str(refused.value) == "Rate must be a number above 0, at most 1, not “�[31mlots”."


def test_replace_checks_like_any_other_and_leaves_the_original() -> None:
    config = ImageConfig(**GOOD)
    assert config.replace(epochs=3).epochs == 3
    assert config.epochs == 10
    with pytest.raises(SettingError):
        config.replace(epochs=0)
    assert config.label == "LSTM report"
