"""What the user says of a new sweep: what to vary, how, and on what to train it."""

from collections.abc import Mapping
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Checkbox, Input, Label, Select, Static

from rnn_tui.engine.errors import SettingError
from rnn_tui.runs.cost import in_words
from rnn_tui.runs.words import how_many
from rnn_tui.sweeps.cluster import TrainingPlace, read_place
from rnn_tui.sweeps.plan import SEARCHES, SEEDS, TRIALS, SweepPlan, by_name, check_name, read_grid, read_range, wall_seconds
from rnn_tui.sweeps.trials import require_extras
from rnn_tui.tasks import TASKS
from rnn_tui.ui.shell.threads import LatestQuestion
from rnn_tui.ui.training.manager import TrainingManager
from rnn_tui.ui.widgets.plain import MarkedCheckbox, PlainSelect, TypedInput

LONGEST = 1000
GRID = SEARCHES[0]
# What is typed: label, what an empty field means or an example, and a hint.
FIELDS = {
    "vary": ("Vary", "hidden_size=32,64 learning_rate=1e-4..1e-1:log", "NAME=VALUE,VALUE; in a search, NAME=LOW..HIGH"),
    "fixed": ("The same in all", "the preset's", "NAME=VALUE, such as preset=fast epochs=5"),
    "trials": ("Trials", "20", "how many a search tries"),
    "seeds": ("Seeds", "1", "networks of each trial"),
    "place": ("Train on", "the cores of this machine", "local:N, tcp://HOST:PORT, ssh:FILE or FILE.yaml"),
    "name": ("Name", "the task and a number", "what to call the sweep"),
}
NOTHING_VARIED = "Say what to vary, such as hidden_size=32,64."
RANGE_IN_GRID = "A range is for a search: choose random or tpe, or give values, as NAME=VALUE,VALUE."
FAILURE = "How long it takes can't be told; the log file has the details."


def read_form(typed: Mapping[str, str], data_dir: str | None) -> tuple[SweepPlan, TrainingPlace, str]:
    """The plan that was typed, where to train, and the sweep's name, which may be empty.

    Raises a `SettingError` if it can't be, a `ClusterError` if a package is missing that it needs.
    """
    task, search = TASKS[typed["task"]], typed["search"]
    varied = typed["vary"].split()
    ranges = [one for one in varied if ".." in one]
    if not varied or (ranges and search == GRID):
        raise SettingError(RANGE_IN_GRID if varied else NOTHING_VARIED)
    fixed = {"data_dir": data_dir} if data_dir and task.reads_data else {}
    for name, values in by_name(read_grid(task, one) for one in typed["fixed"].split()).items():
        if len(values) > 1:
            raise SettingError(f"{name} has several values; what varies stands in the first field.")
        fixed[name] = values[0]
    plan = SweepPlan(
        task=task.name, grid=by_name(read_grid(task, one) for one in varied if one not in ranges),
        ranges=by_name(read_range(task, one) for one in ranges), fixed=fixed, search=search,
        trials=0 if search == GRID else TRIALS.parse(typed["trials"] or FIELDS["trials"][1]),
        seeds=SEEDS.parse(typed["seeds"] or FIELDS["seeds"][1]), metric=typed["metric"],
        maximise=task.metric(typed["metric"]).higher_is_better, prune=bool(typed["prune"]) and search != GRID,
    )  # fmt: skip
    require_extras(plan)
    return plan, read_place(typed["place"]), check_name(typed["name"]) if typed["name"] else ""


def _size(typed: Mapping[str, str], data_dir: str | None, timed: bool) -> Content:
    """In a thread: how much what was typed is to train."""
    plan, place, _ = read_form(typed, data_dir)
    seconds = wall_seconds(plan, place.size) if timed else None  # timing disturbs what trains in this process
    words = f"{how_many(plan.count, 'trial')}, {how_many(plan.runs, 'run')}, {how_many(place.size, 'worker')}"
    return Content(f"{words}: {'how long is not known' if seconds is None else in_words(seconds)}")


class SweepForm(VerticalScroll):
    """A new sweep; what is wrong with it, or how much it is to train, is said below."""

    BORDER_TITLE = "A new sweep"

    def __init__(self, runs: TrainingManager, data_dir: str | None) -> None:
        super().__init__(can_focus=False, classes="panel")
        self._runs, self._data_dir = runs, data_dir
        self._sizes = LatestQuestion[Content](self, self._say_size, FAILURE)

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

    @property
    def typed(self) -> dict[str, str]:
        """All that is chosen or typed, by field."""
        chosen = {name: str(self.query_one(f"#sweep-{name}", Select).value) for name in ("task", "search", "metric")}
        prune = "yes" if self.query_one("#sweep-prune", Checkbox).value else ""
        return {**chosen, "prune": prune, **{name: self.query_one(f"#sweep-{name}", Input).value.strip() for name in FIELDS}}

    @on(Select.Changed, "#sweep-task")
    def on_mount(self) -> None:
        """Offer the metrics of the task."""
        task = TASKS[str(self.query_one("#sweep-task", Select).value)]
        metrics = [(one.title, one.name) for one in task.metric_definitions]
        usual = task.headline.replace("test_", "val_"), task.headline
        self.query_one("#sweep-metric", PlainSelect).offer_texts(metrics, *usual)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _look(self) -> None:
        """Say what is wrong, or how much there is to do; show the fields that a search has."""
        typed = self.typed
        self.set_class(typed["search"] == GRID, "-grid")
        self._sizes.ask(partial(_size, typed, self._data_dir, not self._runs.busy))

    async def _say_size(self, outcome: Content | str) -> None:
        line = self.query_one("#sweep-size", Static)
        line.update(outcome)
        line.set_class(isinstance(outcome, str), "-wrong")
