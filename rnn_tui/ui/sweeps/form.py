"""The form of a new sweep, and how what is typed there is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from textual import events, getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Checkbox, Input, Label, Select

from rnn_tui.archive.cost import in_words
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.options import Option, options_of
from rnn_tui.sweeps.options import GRID, PLACE, SweepOptions
from rnn_tui.sweeps.places import TrainingPlace, read_place
from rnn_tui.sweeps.plan import (
    SweepPlan,
    check_sweep_name,
    read_grid,
    settings_by_name,
    variable_settings,
    wall_seconds,
)
from rnn_tui.sweeps.trials import require_extras
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task
from rnn_tui.ui.widgets.form_foot import FormFoot
from rnn_tui.ui.widgets.plain import MarkedCheckbox, PlainSelect, TypedInput
from rnn_tui.ui.work.threads import LatestQuestion
from rnn_tui.ui.work.training_manager import TrainingManager

LONGEST = 1000  # characters of a field
ROWS = options_of(SweepOptions)


@dataclass(frozen=True)
class TextField:
    """A line of the form in which one types."""

    name: str  #: its id ends with it.
    label: str  #: the text before the field.
    placeholder: str  #: the value of an empty field, or an example.
    hint: str  #: what to type, shown while the field has the focus.

    @classmethod
    def of(cls, option: Option) -> Self:
        """Return the line of an option."""
        return cls(option.name, option.label, option.empty, option.hint or option.setting.help)


FIELDS = (
    TextField(
        "vary",
        ROWS["grid"].label,
        "hidden_size=32,64 learning_rate=1e-4..1e-1:log",
        "NAME=VALUE,VALUE; in a search, NAME=LOW..HIGH",
    ),
    TextField(
        "fixed", "Fixed settings", "the preset's", "NAME=VALUE, such as preset=fast epochs=5"
    ),
    TextField.of(ROWS["trials"]),
    TextField.of(ROWS["seeds"]),
    TextField.of(PLACE),
    TextField.of(ROWS["name"]),
)
ADD_SETTING = "+ setting"  # the first line of the list of settings
#: how what is typed ends while the value to come is lacking, which is not wrong.
UNFINISHED = ("=", ",", "..")
NOTHING_VARIED = "Say what to vary, such as hidden_size=32,64."
RANGE_IN_GRID = (
    "A range is for a search: choose random or tpe, or give values, as NAME=VALUE,VALUE."
)
FAILURE = "The time it takes can't be estimated; the log file has the details."


@dataclass(frozen=True)
class FormTexts:
    """Everything that is chosen or typed in the form."""

    task: str
    search: str
    metric: str
    prune: bool
    vary: str
    fixed: str
    trials: str
    seeds: str
    place: str
    name: str


@dataclass(frozen=True)
class NewSweep:
    """A sweep that the form describes."""

    plan: SweepPlan
    place: TrainingPlace  #: where to train it.
    name: str  #: empty for an automatic one.


def read_form(texts: FormTexts, data_dir: str | None) -> NewSweep:
    """Read what was typed.

    Args:
        texts: what is in the form.
        data_dir: the folder of data for tasks that read any, or None.

    Raises:
        SettingError: if something is not allowed.
        ClusterError: if a package is missing, or the place to train is none.
    """
    task = TASKS[texts.task]
    varied = texts.vary.split()
    ranges = [text for text in varied if ".." in text]
    values = [text for text in varied if ".." not in text]
    if not varied:
        raise SettingError(NOTHING_VARIED)
    is_grid = texts.search == GRID
    if ranges and is_grid:
        raise SettingError(RANGE_IN_GRID)
    objective = "maximise" if task.metric(texts.metric).higher_is_better else "minimise"
    chosen: dict[str, Any] = {objective: texts.metric}
    for name, text in (("trials", texts.trials), ("seeds", texts.seeds)):
        if text and ROWS[name].applies(texts):
            chosen[name] = ROWS[name].setting.parse(text)
    options = SweepOptions(
        grid=tuple(values),
        ranges=tuple(ranges),
        search=texts.search,
        prune=texts.prune and not is_grid,
        **chosen,
    )
    plan = options.plan(task, _fixed_settings(task, texts.fixed, data_dir))
    require_extras(plan)
    name = check_sweep_name(texts.name) if texts.name else ""
    return NewSweep(plan, read_place(texts.place), name)


def _fixed_settings(task: Task, text: str, data_dir: str | None) -> dict[str, Any]:
    """Return the settings that are the same in all trials, by name."""
    fixed: dict[str, Any] = {}
    if data_dir and task.reads_images:
        fixed["data_dir"] = data_dir
    typed = settings_by_name(read_grid(task, part) for part in text.split())
    for name, values in typed.items():
        if len(values) > 1:
            raise SettingError(f"{name} has several values; what varies stands in the first field.")
        fixed[name] = values[0]
    return fixed


@dataclass(frozen=True)
class SizeInWords:
    """How much a sweep has to train."""

    text: str  #: in words.


def _size_in_words(texts: FormTexts, data_dir: str | None, timed: bool) -> SizeInWords:
    """Return how much the typed sweep has to train, and if `timed` how long; runs in a thread."""
    sweep = read_form(texts, data_dir)
    trials = count_of(sweep.plan.trial_count, "trial")
    runs = count_of(sweep.plan.run_count, "run")
    workers = count_of(sweep.place.worker_count, "worker")
    # timing disturbs what trains in this process
    seconds = wall_seconds(sweep.plan, sweep.place.worker_count) if timed else None
    time = "how long is not known" if seconds is None else in_words(seconds)
    return SizeInWords(f"{trials}, {runs}, {workers}: {time}")


class SweepForm(Vertical):
    """A new sweep; how much there is to train, and what is wrong with it, is said below."""

    BORDER_TITLE = "A new sweep"
    foot = getters.query_one(FormFoot)

    def __init__(self, runs: TrainingManager, data_dir: str | None) -> None:
        """Make the form; `data_dir` as in `read_form`."""
        # A grid from the start: if that came later, by its list, all would be styled once more.
        super().__init__(classes="panel -grid")
        self._runs = runs
        self._data_dir = data_dir
        self._error = ""  #: what is wrong with what is typed.
        self._sizes = LatestQuestion[SizeInWords](self, self._show_size, FAILURE)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="fields", can_focus=False):
            yield from self._compose_fields()
        yield FormFoot("Train the sweep", "sweep-train")

    def _compose_fields(self) -> ComposeResult:
        with Horizontal(id="sweep-choices", classes="field-row"):
            yield Label("Task", classes="field-label")
            yield PlainSelect([(task.label, task.name) for task in TASKS.values()], id="sweep-task")
            yield Label(ROWS["search"].label, classes="field-label", markup=False)
            searches = [(label, name) for name, label in ROWS["search"].choices.items()]
            yield PlainSelect(searches, value=GRID, id="sweep-search")
            yield Label(ROWS["maximise"].label, classes="field-label", markup=False)
            yield PlainSelect([("", "")], id="sweep-metric")
            yield MarkedCheckbox(ROWS["prune"].label, id="sweep-prune")
        for field in FIELDS:
            with Horizontal(classes=f"field-row sweep-field sweep-{field.name}"):
                yield Label(field.label, classes="field-label", markup=False)
                yield TypedInput("", LONGEST, placeholder=field.placeholder, id=_id_of(field.name))
                if field.name == "vary":
                    yield PlainSelect([(ADD_SETTING, "")], id="sweep-add")

    @property
    def texts(self) -> FormTexts:
        """Everything that is chosen or typed."""
        return FormTexts(
            task=self._chosen("task"),
            search=self._chosen("search"),
            metric=self._chosen("metric"),
            prune=self.query_one("#sweep-prune", Checkbox).value,
            **{
                field.name: self.query_one(f"#{_id_of(field.name)}", Input).value.strip()
                for field in FIELDS
            },
        )

    def _chosen(self, name: str) -> str:
        return str(self.query_one(f"#{_id_of(name)}", Select).value)

    def on_mount(self) -> None:
        self._offer_metrics()
        self._show_note()

    @on(Select.Changed, "#sweep-task")
    def _offer_metrics(self) -> None:
        """Offer the metrics of the task as objectives."""
        task = TASKS[self._chosen("task")]
        metrics: Sequence[tuple[str, str]] = [
            (metric.title, metric.name) for metric in task.objectives
        ]
        self.query_one("#sweep-metric", PlainSelect).offer_texts(metrics, task.objective.name)
        names = [(name, name) for name in sorted(variable_settings(task))]
        self.query_one("#sweep-add", PlainSelect).offer_texts([(ADD_SETTING, ""), *names], "")

    @on(Select.Changed, "#sweep-add")
    def _add_setting(self, event: Select.Changed) -> None:
        """Begin to vary the setting that was chosen: its values are to be typed after its name."""
        if not event.value:
            return
        with self.prevent(Select.Changed):
            self.query_one("#sweep-add", PlainSelect).value = ""
        field = self.query_one("#sweep-vary", TypedInput)
        field.hold(f"{field.value.strip()} {event.value}=".lstrip())
        field.select_on_focus = False  # or what is typed next would replace it
        field.focus()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _read(self) -> None:
        """Say what is wrong, or how much there is to train; show the fields that a search has."""
        texts = self.texts
        self.set_class(texts.search == GRID, "-grid")
        if not texts.vary or texts.vary.endswith(UNFINISHED):
            self._sizes.forget()
            self._show("", "")
            return
        timed = not self._runs.busy
        self._sizes.ask(partial(_size_in_words, texts, self._data_dir, timed))

    async def _show_size(self, outcome: SizeInWords | str) -> None:
        """Show the size, or what is wrong."""
        if isinstance(outcome, SizeInWords):
            self._show(outcome.text, "")
        else:
            self._show("", outcome)

    def _show(self, size: str, error: str) -> None:
        self._error = error
        self.foot.show_facts(size)
        self._show_note()

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _show_note(self) -> None:
        """Say what is wrong, or else what to type in the field in focus."""
        self.foot.show_note(self._error or self._hint, wrong=bool(self._error))

    @property
    def _hint(self) -> str:
        """What to type in the field in focus; with none in focus, in the first."""
        focused = self.screen.focused
        hints = {_id_of(field.name): field.hint for field in FIELDS}
        name = "" if focused is None else focused.id or ""
        return hints.get(name, NOTHING_VARIED)


def _id_of(name: str) -> str:
    """Return the id of the widget in which a field is chosen or typed."""
    return f"sweep-{name}"
