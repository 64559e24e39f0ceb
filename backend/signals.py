"""What a reader of forecasts should know today: what is wrong with the data, what stands out in it, and where
the model no longer fits; one list, each with its figures and since when (pure).

Freshness is judged only where the actuals are live, that is when some forecast was issued soon after the last
step that it saw: the bundled series ends in 2014, and would be late for ever. What a note explains is not
asked about again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from backend import forecast_monitors as monitors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from backend.actuals import Actuals, Finding
    from backend.forecast_monitors import Since
    from backend.forecast_types import Vintage
    from backend.notes import Note
    from backend.series_calendar import Frequency

Code = Literal[
    "freshness",
    "incomplete-last",
    "gaps",
    "interpolated",
    "duplicates",
    "outlier",
    "profile",
    "profile-changed",
    "group-error",
    "skill",
    "coverage",
]
Severity = Literal["note", "warning"]

# How long after a step its actual may come: what a step takes, and some days of grace.
EXPECTED_WITHIN: Mapping[Frequency, timedelta] = {
    "h": timedelta(days=1),
    "D": timedelta(days=4),
    "B": timedelta(days=6),
    "W": timedelta(days=21),
    "MS": timedelta(days=75),
    "QS": timedelta(days=200),
    "YS": timedelta(days=800),
}
# What stood out longer ago is not told beside a chart of the last weeks; longer steps are seen over years.
TOLD_FOR = timedelta(weeks=13)
SHORT_STEPS = ("h", "D", "B")


@dataclass(frozen=True)
class Signal:
    """One thing to know.

    `since` is the first step from which it has held without a break. `figures` has what a sentence needs: of
    the data, `finding` (scoring.finding.Finding); freshness: last (datetime) and late (steps that should have
    come); profile: agreement (of 1), seasons; group-error: weekday and weekend, mean errors a step; skill:
    rmse, guess_rmse, cycles; coverage: groups, a list of mappings with group, share, count and level.
    """

    code: Code
    since: datetime
    figures: Mapping[str, object]
    severity: Severity


def find_signals(
    series: Actuals,
    past_pairs: pd.DataFrame,
    notes: Sequence[Note] = (),
    *,
    vintages: Iterable[Vintage] = (),
    now: datetime | None = None,
) -> tuple[Signal, ...]:
    """Everything to know about a series and its past forecasts (`backend.accuracy.pairs`), warnings first.

    `vintages` are forecasts as issued, the newest among them, which tell whether the actuals are live; `now`
    is in UTC, by default the present.
    """
    of_model = list(_of_forecasts(series, past_pairs, notes))
    profile_told = any(signal.code == "profile" for signal in of_model)
    found = [
        *_late(series, vintages, now or datetime.now(UTC)),
        *(
            signal
            for signal in _of_data(series, notes)
            if not (signal.code == "profile-changed" and profile_told)
        ),
        *of_model,
    ]
    return tuple(sorted(found, key=lambda signal: signal.severity != "warning"))


def worth_telling(series: Actuals) -> list[Finding]:
    """The findings whose newest date is in the last 13 weeks, and a changed profile, which lasts."""
    since = series.origin - TOLD_FOR
    return [
        finding
        for finding in series.findings
        if series.frequency not in SHORT_STEPS
        or finding.code == "profile-changed"
        or datetime.fromisoformat(finding.dates[-1]) >= since
    ]


def _late(series: Actuals, vintages: Iterable[Vintage], now: datetime) -> Iterator[Signal]:
    """The next actuals should be here, as they once were when a forecast was issued."""
    within = EXPECTED_WITHIN[series.frequency]
    lags = [vintage.issued_at - vintage.origin.replace(tzinfo=UTC) for vintage in vintages]
    behind = now - series.origin.replace(tzinfo=UTC)
    if not lags or min(lags) > within or behind <= within:
        return
    steps = pd.date_range(series.origin, now.replace(tzinfo=None), freq=series.calendar)
    steps = steps[steps > pd.Timestamp(series.origin)]
    if not len(steps):
        return
    # The step that runs now can't be here yet.
    figures = {"last": series.origin, "late": max(1, len(steps) - 1)}
    yield Signal("freshness", steps[0].to_pydatetime(), figures, "warning")


def _of_data(series: Actuals, notes: Sequence[Note]) -> Iterator[Signal]:
    for finding in worth_telling(series):
        told = _without_explained(finding, notes) if finding.code == "outlier" else finding
        if told is not None:
            since = datetime.fromisoformat(told.dates[-1])
            yield Signal(told.code, since, {"finding": told}, "note")


def _without_explained(finding: Finding, notes: Sequence[Note]) -> Finding | None:
    """Outliers but for those that a note is about; None when none is left."""
    cases = finding.details["cases"]
    open_cases = [case for case in cases if not _is_noted(datetime.fromisoformat(case["date"]), notes)]
    if not open_cases:
        return None
    return replace(
        finding,
        dates=tuple(case["date"] for case in open_cases),
        count=finding.count - len(cases) + len(open_cases),
        details={**finding.details, "cases": open_cases},
    )


def _is_noted(moment: datetime, notes: Sequence[Note]) -> bool:
    return any(note.covers(moment) for note in notes)


def _of_forecasts(series: Actuals, pairs: pd.DataFrame, notes: Sequence[Note]) -> Iterator[Signal]:
    watched = monitors.watch(series, pairs, _left_out(series, notes), _outliers(series))
    if not len(watched.places):
        return
    end = int(watched.places[-1])

    def signal(code: Code, since: Since, figures: Mapping[str, object] | None = None) -> Signal:
        moment = series.frame["ds"].iloc[since.place].to_pydatetime()
        return Signal(code, moment, figures or since.figures, "warning")

    tests: tuple[tuple[Code, Since | None], ...] = (
        ("profile", monitors.profile_missed(watched, end)),
        ("group-error", monitors.groups_differ(watched, end)),
        ("skill", monitors.guess_is_better(watched, end)),
    )
    yield from (signal(code, since) for code, since in tests if since is not None)
    narrow = [
        since
        for group in watched.groups
        if (since := monitors.band_too_narrow(watched, end, group)) is not None
    ]
    if narrow:
        first = min(narrow, key=lambda since: since.place)
        yield signal("coverage", first, {"groups": [since.figures for since in narrow]})


def _left_out(series: Actuals, notes: Sequence[Note]) -> npt.NDArray[np.bool_]:
    """Steps that no model is judged by: those that notes leave out, and a last value that isn't whole yet."""
    steps = series.frame["ds"]
    found = np.zeros(len(steps), dtype=bool)
    for note in notes:
        if note.excluded:
            found |= steps.between(note.first, note.last).to_numpy()
    if any(finding.code == "incomplete-last" for finding in series.findings):
        found[-1] = True
    return found


def _outliers(series: Actuals) -> npt.NDArray[np.bool_]:
    """Steps that stand out alone: they are told as such, and would hide what is wrong with all the others."""
    dates = [date for found in series.findings if found.code == "outlier" for date in found.dates]
    return series.frame["ds"].isin(pd.to_datetime(dates)).to_numpy()
