"""What the user says of a new sweep: what to vary, how, and on what to train it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from rnn_tui.engine.errors import SettingError
from rnn_tui.runs.cost import in_words
from rnn_tui.sweeps.cluster import Place, read_place, require
from rnn_tui.sweeps.estimate import wall_seconds
from rnn_tui.sweeps.plan import SEARCHES, SEEDS, TRIALS, Plan, check_name, read_grid, read_range
from rnn_tui.sweeps.search import needs_optuna
from rnn_tui.tasks import TASKS
from rnn_tui.ui.shell.threads import LatestQuestion
from rnn_tui.ui.widgets.fields import MarkedCheckbox, TypedInput
from rnn_tui.ui.widgets.plain import PlainSelect

LONGEST = 1000
# What is typed: label, what an empty field means or an example, and a hint.
FIELDS = {
    "vary": ("Vary", "hidden_size=32,64 learning_rate=1e-4..1e-1:log", "NAME=VALUE,VALUE; in a search, NAME=LOW..HIGH"),
    "fixed": ("The same in all", "the preset's", "NAME=VALUE, such as preset=fast epochs=5"),
    "trials": ("Trials", "20", "how many a search tries"),
    "seeds": ("Seeds", "1", "networks of each trial"),
    "place": ("Train on", "the cores of this machine", "local:N, tcp://HOST:PORT, ssh:FILE or FILE.yaml"),
    "name": ("Name", "the task and a number", "what to call the sweep"),
}  # fmt: skip
NOTHING_VARIED = "Say what to vary, such as hidden_size=32,64."
RANGE_IN_GRID = "A range is for a search: choose random or tpe, or give values, as NAME=VALUE,VALUE."
FAILURE = "How long it takes can't be told; the log file has the details."


@dataclass(frozen=True)
class Wanted:
    """A sweep that is to begin."""

    plan: Plan
    place: Place
    name: str  #: empty for the task and a number.

    @property
    def workers(self) -> int:
        """How many there will be at least."""
        return self.place.workers or len(self.place.hosts) or 1


def read_wanted(typed: Mapping[str, str], data_dir: str | None = None) -> Wanted:
    """What was typed, by field.

    Raises:
        SettingError: if it can't be.
        ClusterError: if a package is missing that it needs.
    """
    task, search = TASKS[typed["task"]], typed["search"]
    ranges = [one for one in typed["vary"].split() if ".." in one]
    if not typed["vary"].strip():
        raise SettingError(NOTHING_VARIED)
    if ranges and search == SEARCHES[0]:
        raise SettingError(RANGE_IN_GRID)
    fixed = {"data_dir": data_dir} if data_dir and task.reads_data else {}
    for name, values in (read_grid(task, one) for one in typed["fixed"].split()):
        if len(values) > 1:
            raise SettingError(f"{name} has several values; what varies stands in the first field.")
        fixed[name] = values[0]
    plan = Plan(
        task=task.name, grid=dict(read_grid(task, one) for one in typed["vary"].split() if one not in ranges),
        ranges=dict(read_range(task, one) for one in ranges), fixed=fixed, search=search,
        trials=0 if search == SEARCHES[0] else TRIALS.parse(typed["trials"] or FIELDS["trials"][1]),
        seeds=SEEDS.parse(typed["seeds"] or "1"), metric=typed["metric"],
        maximise=task.metric(typed["metric"]).higher_is_better,
        prune=bool(typed["prune"]) and search != SEARCHES[0],
    )  # fmt: skip
    require("distributed", "cluster")
    if needs_optuna(plan):
        require("optuna", "search")
    return Wanted(plan, read_place(typed["place"].strip()), check_name(typed["name"].strip()) if typed["name"].strip() else "")


def _sized(typed: Mapping[str, str], data_dir: str | None) -> tuple[Wanted, float | None]:
    """In a thread: what is wanted, and how many seconds it takes."""
    wanted = read_wanted(typed, data_dir)
    return wanted, wall_seconds(wanted.plan, wanted.workers)


def size_in_words(wanted: Wanted, seconds: float | None) -> str:
    """How much there is to do."""
    runs = wanted.plan.count * wanted.plan.runs_of_trial
    long = "how long is not known" if seconds is None else in_words(seconds)
    workers = f"{wanted.workers:,} worker{'s' * (wanted.workers != 1)}"
    return f"{wanted.plan.count:,} trial{'s' * (wanted.plan.count != 1)}, {runs:,} run{'s' * (runs != 1)} on {workers}: {long}"


class SweepForm(VerticalScroll):
    """A new sweep; what is wrong with it, or how much it is to train, is said below."""

    class Submitted(Message):
        """It is to begin."""

    def __init__(self, data_dir: str | None) -> None:
        super().__init__(can_focus=False, classes="panel")
        self.border_title = "A new sweep"
        self._data_dir = data_dir
        self._costs = LatestQuestion[tuple[Wanted, float | None]](self, self._say_size, FAILURE)

    def compose(self) -> ComposeResult:
        with Horizontal(id="sweep-choices"):
            yield Label("Task")
            yield PlainSelect([(task.label, task.name) for task in TASKS.values()], id="sweep-task")
            yield Label("Search")
            yield PlainSelect([(name, name) for name in SEARCHES], id="sweep-search")
            yield Label("Judged by")
            yield PlainSelect([("", "")], id="sweep-metric")
            yield MarkedCheckbox("Prune", id="sweep-prune")
        for name, (label, usual, hint) in FIELDS.items():
            with Horizontal(classes=f"sweep-field sweep-{name}"):
                yield Label(label, markup=False)
                yield TypedInput("", LONGEST, placeholder=usual, id=f"sweep-{name}")
                yield Static(hint, classes="hint", markup=False)
        yield Static(NOTHING_VARIED, id="sweep-size", markup=False)
        yield Button(Content(" t  Train the sweep "), variant="primary", compact=True)

    def on_mount(self) -> None:
        self._offer_metrics()

    @property
    def typed(self) -> dict[str, str]:
        """All that is chosen or typed, by field."""
        chosen = {name: str(self.query_one(f"#sweep-{name}", Select).value) for name in ("task", "search", "metric")}
        prune = "yes" if self.query_one("#sweep-prune", Checkbox).value else ""
        return {**chosen, "prune": prune, **{name: self.query_one(f"#sweep-{name}", Input).value for name in FIELDS}}

    def focus_first(self) -> None:
        self.query_one("#sweep-vary").focus()

    @on(Select.Changed, "#sweep-task")
    def _offer_metrics(self) -> None:
        task = TASKS[str(self.query_one("#sweep-task", Select).value)]
        metrics = [(one.title, one.name) for one in task.metric_definitions]
        select = self.query_one("#sweep-metric", PlainSelect)
        select.offer_texts(metrics, task.headline.replace("test_", "val_"), task.headline)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _look(self) -> None:
        """Say what is wrong, or how much there is to do; show the fields that a search has."""
        searches = self.query_one("#sweep-search", Select).value != SEARCHES[0]
        for field in (self.query_one("#sweep-prune"), *self.query(".sweep-trials")):
            field.display = searches
        self._costs.ask(partial(_sized, self.typed, self._data_dir))

    async def _say_size(self, outcome: tuple[Wanted, float | None] | str) -> None:
        wrong = isinstance(outcome, str)
        line = self.query_one("#sweep-size", Static)
        line.update(outcome if isinstance(outcome, str) else size_in_words(*outcome))
        line.set_class(wrong, "-wrong")

    @on(Button.Pressed)
    @on(Input.Submitted)
    def _submit(self) -> None:
        self.post_message(self.Submitted())
