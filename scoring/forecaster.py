"""A model that is ready to answer: its series' own forecasts made, new histories taken in; numpy alone.

Parameters are never refitted here: a history moves a model's state, and a model in closed form follows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .contract import MAX_HISTORY_ROWS, MAX_HORIZON, History
from .errors import ModelFileInvalid, RequestRefused
from .frequency import frequency_of
from .kinds.outlook import Observed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from .intervals import Intervals
    from .kinds.outlook import Outlook, Vector
    from .model_file import ForecastModel, SeriesModel


@dataclass(frozen=True)
class Forecast:
    """A series' forecast: labels of the origin and the steps ahead, and the outlook that limits come from."""

    series: str
    origin: str
    dates: tuple[str, ...]
    place: int
    outlook: Outlook
    intervals: Intervals

    @cached_property
    def mean(self) -> Vector:
        """The expected values, (horizon,)."""
        return self.intervals.mean(self.outlook)

    def limits(self, levels: Sequence[int]) -> tuple[Vector, Vector]:
        """Lower and upper limits (horizon, levels) of the central intervals that hold so many percent."""
        ordered = sorted(levels)
        probabilities = [0.5 - level / 200 for level in reversed(ordered)]
        probabilities += [0.5 + level / 200 for level in ordered]
        found = self.intervals.quantiles(self.outlook, self.place, probabilities)
        count = len(ordered)
        columns = np.array([ordered.index(level) for level in levels], dtype=np.intp)
        return found[:, count - 1 - columns], found[:, count + columns]


class Forecaster:
    """A model's series by id, each forecast to the longest horizon when it is first asked for."""

    def __init__(self, model: ForecastModel) -> None:
        """Raises ModelFileInvalid when a series' model leads to no finite forecast."""
        self.model = model
        self.calendar = frequency_of(model.frequency)
        self.rows = {series.id: row for row, series in enumerate(model.series)}
        self._own = [
            Observed(series.observations, self.calendar.place(series.start)) for series in model.series
        ]
        try:
            outlooks = [
                self._outlooks(series, own, [own.values.size], MAX_HORIZON)[0]
                for series, own in zip(model.series, self._own, strict=True)
            ]
            self._plain = self._together(outlooks) if model.hierarchy else outlooks
        except (FloatingPointError, RequestRefused) as error:
            raise ModelFileInvalid(f"The model gives no finite forecast: {error}.") from error

    @property
    def default_series(self) -> str | None:
        """The series of a request that names none: the only one, or the top of a hierarchy."""
        return self.model.series[0].id if len(self.rows) == 1 or self.model.hierarchy else None

    def forecast(self, horizon: int, series: Sequence[str]) -> list[Forecast]:
        """The forecasts from the ends of the model's own series: slices of what was made at the start."""
        found = []
        for name in series:
            row = self.rows[name]
            own = self._own[row]
            found.append(self._forecast(row, own.first + own.values.size - 1, self._plain[row], horizon))
        return found

    def forecast_after(
        self,
        histories: Mapping[str, History],
        horizon: int,
        origins: Sequence[datetime] = (),
    ) -> dict[str, list[Forecast]]:
        """One forecast a series and origin, by default from the end of its history, seeing only up to it.

        `histories` by series id; of a hierarchy the bottom series, all of the same days. A history takes the
        place of the model's own series from its first day on: days of it before are kept, days after are
        forgotten, a gap between the two is bridged as days that nobody saw, and a history from before the
        series replaces it wholly, unless the model's first state is bound to the series' first day: then days
        before that are left out. Parameters stay. Raises RequestRefused when the dates don't fit the model.
        """
        if self.model.hierarchy:
            histories = self._with_sums(histories)
        looked: dict[str, list[tuple[int, Outlook]]] = {}
        for name, history in histories.items():
            looked[name] = self._looked(self.rows[name], history, horizon, origins)
        if self.model.hierarchy:
            looked = self._reconciled(looked)
        return {
            name: [self._forecast(self.rows[name], place, outlook, horizon) for place, outlook in found]
            for name, found in looked.items()
        }

    def _looked(
        self, row: int, history: History, horizon: int, origins: Sequence[datetime]
    ) -> list[tuple[int, Outlook]]:
        places = self._places(history)
        ends = [self._origin_place(origin) for origin in origins] if origins else [places[-1]]
        observed = self._observed(row, places[0], history.values, ends[0])
        counts = [end - observed.first + 1 for end in ends]
        try:
            outlooks = self._outlooks(self.model.series[row], observed, counts, horizon)
        except FloatingPointError as error:
            raise RequestRefused("history_out_of_range", f"The history can't be used: {error}.") from error
        return list(zip(ends, outlooks, strict=True))

    def _places(self, history: History) -> list[int]:
        places: list[int] = []
        for row, moment in enumerate(history.moments):
            try:
                place = self.calendar.place(moment)
            except ValueError as error:
                raise RequestRefused("frequency_mismatch", f"history[{row}].ds: {error}.") from error
            if places and place != places[-1] + 1:
                missing = self.calendar.label(self.calendar.moment(places[-1] + 1))
                raise RequestRefused(
                    "history_gap",
                    f"history[{row}].ds: {missing} is missing before it; the model's frequency is "
                    f"{self.model.frequency} and a history has no gaps.",
                )
            places.append(place)
        return places

    def _origin_place(self, origin: datetime) -> int:
        try:
            return self.calendar.place(origin)
        except ValueError as error:
            raise RequestRefused("frequency_mismatch", f"origins: {error}.") from error

    def _observed(self, row: int, first: int, values: Sequence[float], first_origin: int) -> Observed:
        """What the model sees: its own series under the history."""
        own = self._own[row]
        end = own.first + own.values.size
        if first >= end:
            gap = first - end
            if gap > MAX_HISTORY_ROWS:
                last = self.calendar.label(self.calendar.moment(end - 1))
                raise RequestRefused(
                    "history_too_late",
                    f"history begins {gap} steps after the model's own series ends ({last}), at most "
                    f"{MAX_HISTORY_ROWS} are bridged: send more history, or train the model again.",
                )
            return replace(own, values=np.concatenate([own.values, np.full(gap, np.nan), values]))
        if first >= own.first:
            return replace(own, values=np.concatenate([own.values[: first - own.first], values]))
        if self.model.series[row].kind.anchored and first_origin >= own.first:
            return replace(own, values=np.array(values[own.first - first :]))
        return Observed(np.array(values), first)

    def _outlooks(
        self, series: SeriesModel, observed: Observed, ends: Sequence[int], horizon: int
    ) -> list[Outlook]:
        # What comes after the last origin is left out, so that it can't even make a kind refuse.
        seen = replace(observed, values=observed.values[: max(ends)])
        with np.errstate(all="ignore"):
            outlooks = series.kind.outlooks(seen, ends, horizon, self._window(series))
        return _computable(outlooks)

    def _window(self, series: SeriesModel) -> int:
        """The errors to look back on: in a hierarchy as many for every node, since they are summed."""
        together = self.model.series if self.model.hierarchy else (series,)
        return max(one.intervals.window for one in together)

    def _with_sums(self, histories: Mapping[str, History]) -> dict[str, History]:
        """The histories of all nodes from those of the bottom series."""
        hierarchy = self.model.hierarchy
        assert hierarchy is not None
        bottoms = [series.id for series in self.model.series[-hierarchy.bottoms :]]
        days = {history.moments for history in histories.values()}
        if set(histories) != set(bottoms) or len(days) != 1:
            raise RequestRefused(
                "history_incomplete",
                f"the model's series add up: a history must have all {len(bottoms)} bottom series "
                f"({bottoms[0]}, ...), each with the same dates, and no others.",
            )
        [moments] = days
        sums = hierarchy.summed([np.array(histories[name].values) for name in bottoms])
        return {
            series.id: History(moments, tuple(values.tolist()))
            for series, values in zip(self.model.series, sums, strict=True)
        }

    def _reconciled(
        self, looked: Mapping[str, list[tuple[int, Outlook]]]
    ) -> dict[str, list[tuple[int, Outlook]]]:
        names = [series.id for series in self.model.series]
        found: dict[str, list[tuple[int, Outlook]]] = {name: [] for name in names}
        for step in zip(*(looked[name] for name in names), strict=True):
            outlooks = self._together([outlook for _, outlook in step])
            for name, (place, _), outlook in zip(names, step, outlooks, strict=True):
                found[name].append((place, outlook))
        return found

    def _together(self, outlooks: Sequence[Outlook]) -> list[Outlook]:
        """The outlooks of all nodes, made to add up."""
        hierarchy = self.model.hierarchy
        assert hierarchy is not None
        intervals = [series.intervals for series in self.model.series]
        return _computable(
            [
                _cut(outlook, own.window)
                for outlook, own in zip(hierarchy.reconciled(outlooks, intervals), intervals, strict=True)
            ]
        )

    def _forecast(self, row: int, origin: int, outlook: Outlook, horizon: int) -> Forecast:
        calendar = self.calendar
        series = self.model.series[row]
        dates = self._dates(origin, horizon)
        short = replace(outlook, mean=outlook.mean[:horizon], scale=outlook.scale[:horizon])
        return Forecast(
            series.id, calendar.label(calendar.moment(origin)), dates, origin, short, series.intervals
        )

    def _dates(self, origin: int, horizon: int) -> tuple[str, ...]:
        known = self._labels.get((origin, horizon))
        if known is None:
            label, moment = self.calendar.label, self.calendar.moment
            known = tuple(label(moment(origin + step)) for step in range(1, horizon + 1))
            if len(self._labels) >= _LABELS_KEPT:
                self._labels.clear()
            self._labels[origin, horizon] = known
        return known

    @cached_property
    def _labels(self) -> dict[tuple[int, int], tuple[str, ...]]:
        """The dates after an origin, kept: of many series most have the same."""
        return {}


def _cut(outlook: Outlook, window: int) -> Outlook:
    """The outlook with the last `window` of its errors."""
    first = outlook.errors.size - window
    return replace(outlook, fitted=outlook.fitted[first:], errors=outlook.errors[first:])


def _computable(outlooks: list[Outlook]) -> list[Outlook]:
    """The outlooks; RequestRefused when limits made of one could be infinite, or the mean is no number."""
    for outlook in outlooks:
        known = outlook.errors[~np.isnan(outlook.errors)]
        for part in (outlook.mean, outlook.scale, known):
            if not (np.abs(part) < _LARGEST).all():
                raise RequestRefused("history_out_of_range", "The values are too large to forecast from.")
    return outlooks


_LABELS_KEPT = 64
# Errors are squared, and scaled by how much less sure a later step is.
_LARGEST = 1e140
