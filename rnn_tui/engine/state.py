"""The state of a run, reduced from its events; the same for the app and the command line."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, TypeVar

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import KEPT_EPOCH, Metric, Spread, by_variant
from rnn_tui.engine.pace import Pace

T = TypeVar("T")
AnySeries = TypeVar("AnySeries", "Series", "SpreadSeries")

SERIES_CAPACITY = 2000  # points of a series
LOG_CAPACITY = 500  # lines


class Status(StrEnum):
    """The status of a run, in whatever process it trains.

    Only the store distinguishes `INTERRUPTED` from `STOPPED`; a run in training that is interrupted
    counts as stopped. Only the store finds a run `DAMAGED`: its values in the database can't be
    right.
    """

    LOADING = "loading"
    TRAINING = "training"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    FINISHED = "finished"
    FAILED = "failed"
    DAMAGED = "damaged"

    @property
    def active(self) -> bool:
        """Whether a thread trains the run, or did when this was written."""
        return self in (Status.LOADING, Status.TRAINING, Status.PAUSED)

    @property
    def resumable(self) -> bool:
        """Whether the run can be resumed."""
        return self in (Status.INTERRUPTED, Status.STOPPED, Status.FAILED)


def _with(items: tuple[T, ...], item: T) -> tuple[T, ...]:
    """Return the items and one more.

    `(*items, item)` would copy all of them twice, which slows down a run of 10,000 epochs.
    """
    return items + (item,)  # noqa: RUF005


def smooth(values: Sequence[float], weight: float) -> list[float]:
    """Return the debiased exponential moving average of a series.

    After n values it is

        (1 - weight) · Σ weight^(n - i) · value_i / (1 - weight^n)

    so that the first result is the first value. The division is the bias correction of Adam
    (Kingma and Ba 2015, arXiv:1412.6980, section 3); the slider of TensorBoard's charts does the
    same. Values that are not finite pass through and leave the average as it is, so that one
    diverged step does not blank the rest.

    Args:
        values: in order.
        weight: that of the past, from 0 to below 1.
    """
    if weight == 0.0:
        return list(values)
    result: list[float] = []
    average = 0.0  # biased towards 0
    decay = 1.0  # weight^n
    for value in values:
        if math.isfinite(value):
            average = weight * average + (1.0 - weight) * value
            decay *= weight
            result.append(average / (1.0 - decay))
        else:
            result.append(value)
    return result


def decimate(x: Sequence[float], y: Sequence[float], limit: int) -> tuple[list[float], list[float]]:
    """Thin a series, and keep its outline, peaks included.

    What stays is the first and the last point, and the lowest and the highest of each bucket, of
    which there are as many as the limit leaves room for. Min-max aggregation, after Jugel et al.,
    "M4: A Visualization-Oriented Time Series Data Aggregation" (VLDB 2014), with M4's first and
    last kept for the whole series only.

    Args:
        x: ascending.
        y: as many finite values.
        limit: points that may stay, 4 or more.
    """
    if len(x) <= limit:
        return list(x), list(y)
    bucket_count = (limit - 2) // 2
    inner = len(x) - 2  # points between the first and the last
    bounds = [1 + bucket * inner // bucket_count for bucket in range(bucket_count + 1)]
    indices = [0]
    for start, stop in pairwise(bounds):
        bucket_values = y[start:stop]
        lowest = start + bucket_values.index(min(bucket_values))
        highest = start + bucket_values.index(max(bucket_values))
        indices += sorted({lowest, highest})
    indices.append(len(x) - 1)
    return [x[index] for index in indices], [y[index] for index in indices]


class Series(NamedTuple):
    """A bounded history of one metric: when full, it thins itself and keeps its outline."""

    x: tuple[float, ...] = ()  #: epochs, fractions within an epoch included.
    y: tuple[float, ...] = ()  #: values, as many.

    def append(self, x: float, y: float) -> "Series":
        """Return the series with a point more; half as many points if that would be too many."""
        if len(self.x) < SERIES_CAPACITY:
            return Series(_with(self.x, x), _with(self.y, y))
        thin_x, thin_y = decimate(self.x, self.y, SERIES_CAPACITY // 2)
        return Series((*thin_x, x), (*thin_y, y))


class SpreadSeries(NamedTuple):
    """A bounded history of one metric of one variant over its seeds."""

    x: tuple[float, ...] = ()  #: epochs, fractions within an epoch included.
    mean: tuple[float, ...] = ()  #: over the seeds, as many.
    sd: tuple[float, ...] = ()  #: sample standard deviations; 0 for one seed.
    low: tuple[float, ...] = ()  #: the smallest of the seeds.
    high: tuple[float, ...] = ()  #: the largest.

    @classmethod
    def of(cls, x: Iterable[float], spreads: Sequence[Spread]) -> "SpreadSeries":
        """Return the series of these spreads at `x`, as many."""
        points = [_spread_point(at, spread) for at, spread in zip(x, spreads, strict=True)]
        return cls(*zip(*points, strict=True))

    def append(self, x: float, spread: Spread) -> "SpreadSeries":
        """Return the series with a point more; when full, every other point goes first."""
        step = 2 if len(self.x) >= SERIES_CAPACITY else 1
        point = _spread_point(x, spread)
        columns = zip(self, point, strict=True)
        return SpreadSeries(*(_with(column[::step], value) for column, value in columns))


def _figures_of(ended: events.EpochEnded, metric: str) -> tuple[float, ...]:
    """Return a metric of an epoch, one value for each network; none if it has no such metric."""
    if metric in ended.replicas:
        return tuple(ended.replicas[metric])
    return (ended.metrics[metric],) if metric in ended.metrics else ()


def _points_until(series: AnySeries, end: float) -> AnySeries:
    """Return the points up to an epoch."""
    count = bisect_right(series.x, end)
    return type(series)(*(column[:count] for column in series))


def _spread_point(x: float, spread: Spread) -> tuple[float, ...]:
    """Return the fields of a `SpreadSeries` at `x`, in their order."""
    return float(x), spread.mean, spread.sd or 0.0, spread.low, spread.high


@dataclass(frozen=True)
class RunState:
    """The state of a run, derived from its events."""

    run_id: str  #: the id that its events carry.
    config: RunConfig  #: its settings.
    status: Status = Status.LOADING  #: its status now.
    metric_definitions: tuple[Metric, ...] = ()  #: in order of display.
    device: str = ""  #: such as `cuda:0`; empty before the run starts.
    parameters: int = 0  #: trainable weights.
    step: int = 0  #: steps done.
    total_steps: int = 0  #: of all epochs.
    steps_per_epoch: int = 1
    rate: float = 0.0  #: samples a second, as last logged.
    elapsed: float = 0.0  #: seconds of training, pauses left out.
    #: steps by `elapsed`; not compared, since it depends on since when the run was watched.
    pace: Pace = field(default=Pace(), compare=False)
    #: the series by metric name: training by step, the others by epoch.
    series: Mapping[str, Series] = field(default_factory=dict)
    #: the same of replicas: one a variant.
    bands: Mapping[str, tuple[SpreadSeries, ...]] = field(default_factory=dict)
    epochs: tuple[events.EpochEnded, ...] = ()  #: those that are over, with their figures.
    log: tuple[events.LogLine, ...] = ()  #: the last `LOG_CAPACITY` lines.
    results: Mapping[str, float] = field(default_factory=dict)  #: test metrics, once finished.
    #: the same of a run with replicas: a value for each.
    replica_results: events.ReplicaFigures = field(default_factory=dict)
    checkpoint: str = ""  #: the file of its last weights; empty if they are not kept.
    message: str = ""  #: why it failed, or the last warning.
    #: how busy the machine is, as in `MachineSeen`; empty if unknown.
    machine: Mapping[str, float] = field(default_factory=dict)
    #: the gradient norm of each layer, as last logged; not compared, since it is not stored.
    layer_norms: Mapping[str, float] = field(default_factory=dict, compare=False)
    #: how many processes train before this run, while it waits for its turn.
    before: int = 0

    @property
    def progress(self) -> float:
        """The share of all steps that is done, 0 … 1; 1 if all networks stopped before the last."""
        if self.status is Status.FINISHED:
            return 1.0
        return self.step / self.total_steps if self.total_steps else 0.0

    def spreads(self, metric: str) -> tuple[Spread, ...]:
        """Return a metric over seeds, one spread a variant.

        It is of the test if the run is finished, or else of the last epoch; none if unknown.
        """
        values = self.replica_results.get(metric)
        if values is None and self.epochs:
            values = self.epochs[-1].replicas.get(metric)
        if not values:
            return ()
        return tuple(by_variant(values, len(self.config.variants)))

    def kept_points(self, metric: str) -> tuple[tuple[float, float], ...]:
        """Return where early stopping has the best weights so far: the epoch, and a metric's value.

        There is one for each network: of replicas R. There is none if the run keeps its last
        weights, before its second epoch, or if this was not measured of each network.
        """
        if len(self.epochs) < 2:
            return ()
        kept = _figures_of(self.epochs[-1], KEPT_EPOCH.name)
        values = {
            ended.epoch: figures
            for ended in self.epochs
            if ended.epoch in kept and (figures := _figures_of(ended, metric))
        }
        if not all(epoch in values for epoch in kept):
            return ()
        return tuple((epoch, values[int(epoch)][place]) for place, epoch in enumerate(kept))

    @property
    def remaining(self) -> float | None:
        """The estimated seconds to the end; None if that is unknown, or the run does not train."""
        if not self.step or not self.status.active:
            return None
        return self.pace.seconds_left(self.total_steps)

    # one case an event
    def apply(self, event: events.Event) -> "RunState":  # noqa: PLR0911, PLR0912
        """Return the state after `event`.

        `self` stays as it is, and events of other runs change nothing.
        """
        if event.run_id != self.run_id:
            return self
        match event:
            case events.RunStarted():
                return replace(
                    self._until(event.first_step, event.steps_per_epoch),
                    status=Status.TRAINING,
                    config=event.config,
                    metric_definitions=event.metric_definitions,
                    device=event.device,
                    parameters=event.parameters,
                    total_steps=event.total_steps,
                    steps_per_epoch=event.steps_per_epoch,
                    pace=Pace.of_training(event.first_step),
                    layer_norms={},
                    message="",
                )
            case events.StepLogged():
                state = self._with_points(event, event.metrics, event.replicas)
                layer_norms = event.layer_norms or self.layer_norms
                return replace(state, rate=event.rate, layer_norms=layer_norms)
            case events.EpochEnded():
                # The training loss already has a curve by step; an epoch's mean is in its row.
                metrics = dict(event.metrics)
                metrics.pop("train_loss", None)
                replicas = dict(event.replicas)
                replicas.pop("train_loss", None)
                state = self._with_points(event, metrics, replicas)
                return replace(state, epochs=_with(self.epochs, event))
            case events.LogLine():
                message = event.text if event.level == "warning" else self.message
                return replace(self, log=(*self.log[1 - LOG_CAPACITY :], event), message=message)
            case events.MachineSeen():
                return replace(self, machine=event.now)
            case events.TurnAwaited():
                return replace(self, before=event.before)
            case events.CheckpointSaved():
                return replace(self, checkpoint=event.path)
            case events.RunPaused():
                return replace(self, status=Status.PAUSED, step=event.step)
            case events.RunResumed():
                return replace(self, status=Status.TRAINING)
            case events.RunFailed():
                return replace(self, status=Status.FAILED, step=event.step, message=event.message)
            case events.RunStopped():
                return self._ended(event, Status.STOPPED)
            case events.RunFinished():
                state = self._ended(event, Status.FINISHED)
                return replace(state, results=event.metrics, replica_results=event.replicas)
        return self

    def _ended(self, event: events.RunStopped | events.RunFinished, status: Status) -> "RunState":
        return replace(
            self,
            status=status,
            step=event.step,
            elapsed=event.seconds,
            checkpoint=self.checkpoint if event.kept else "",
            before=0,
        )

    def _until(self, step: int, steps_per_epoch: int) -> "RunState":
        """Return the state after `step`, where the run is resumed; all later points come again."""
        if not self.step:
            return self
        end = step / steps_per_epoch  # epochs
        series: dict[str, Series] = {}
        for name, line in self.series.items():
            earlier = _points_until(line, end)
            if earlier.x:
                series[name] = earlier
        bands: dict[str, tuple[SpreadSeries, ...]] = {}
        for name, of_variants in self.bands.items():
            earlier_bands = tuple(_points_until(band, end) for band in of_variants)
            if earlier_bands and earlier_bands[0].x:
                bands[name] = earlier_bands
        return replace(
            self,
            step=step,
            series=series,
            bands=bands,
            epochs=tuple(epoch for epoch in self.epochs if epoch.epoch <= end),
            results={},
            replica_results={},
        )

    def _with_points(
        self,
        event: events.StepLogged | events.EpochEnded,
        metrics: Mapping[str, float],
        replicas: events.ReplicaFigures,
    ) -> "RunState":
        """Return the state with a point more in the series of each of these figures."""
        x = event.step / self.steps_per_epoch  # in epochs
        series = dict(self.series)
        for name, value in metrics.items():
            series[name] = series.get(name, Series()).append(x, value)
        bands = dict(self.bands)
        variants = len(self.config.variants)
        for name, values in replicas.items():
            of_variants = bands.get(name, (SpreadSeries(),) * variants)
            pairs = zip(of_variants, by_variant(values, variants), strict=True)
            bands[name] = tuple(band.append(x, spread) for band, spread in pairs)
        return replace(
            self,
            step=event.step,
            elapsed=event.elapsed,
            pace=self.pace.at(event.elapsed, event.step),
            series=series,
            bands=bands,
        )
