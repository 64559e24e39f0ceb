"""What we believed on a day, beside what came; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.accuracy import count_inside
from backend.horizons import FAR_STEPS
from backend.totals import adds_up
from dashboard.charts import Lines
from dashboard.headline import subject, unit_of
from dashboard.moments import when
from dashboard.series import future_frame

if TYPE_CHECKING:
    from datetime import datetime

    from backend.forecast_types import Vintage
    from backend.forecasts import ForecastView
    from dashboard.i18n import Reader

SEASONS_BEFORE = 4  # of actuals before the day


@dataclass(frozen=True)
class Replay:
    """A past forecast beside the actuals of its first `count` steps, those that have come.

    `expected` and `came` are their sums, `inside` how many lay inside the 80 % limits, None without limits.
    """

    vintage: Vintage
    lines: Lines
    count: int
    expected: float
    came: float
    inside: int | None


def replay(view: ForecastView, origin: datetime) -> Replay:
    """What the past forecast of an origin said; KeyError when the view has none of it."""
    series = view.actuals
    by_origin = {past.origin: past for past in view.past}
    vintage = by_origin[origin].within(FAR_STEPS[series.frequency])
    future = future_frame(vintage)
    both = future.merge(series.frame[["ds", "y"]], on="ds")
    steps = series.frame["ds"]
    seen = int((steps <= origin).sum())
    begin = steps.iloc[max(0, seen - SEASONS_BEFORE * series.season)]
    shown = series.frame[(steps >= begin) & (steps <= future["ds"].iloc[-1])]
    return Replay(
        vintage=vintage,
        lines=Lines(shown, future, today=origin),
        count=len(both),
        expected=float(both["mean"].sum()),
        came=float(both["y"].sum()),
        inside=count_inside(both, 80),
    )


def replay_sentence(reader: Reader, view: ForecastView, shown: Replay) -> str:
    """On 4 May 2014 we expected .. of the 28 days after it; it came to ..: 3 % less."""
    series, unit = view.actuals, unit_of(view.actuals)
    day = when(reader, shown.vintage.origin, series.frequency)
    if not shown.count:
        return reader.t("time_machine.nothing", day=day)
    per = 1 if adds_up(series) else shown.count
    kind = "total" if adds_up(series) else "mean"
    text = reader.t(
        f"time_machine.{kind}",
        day=day,
        subject=subject(reader, series),
        span=reader.t(f"time_machine.span.{series.frequency}", steps=shown.count),
        expected=reader.amount(shown.expected / per, unit),
        came=reader.amount(shown.came / per, unit),
    )
    if shown.expected > 0:
        text += reader.t("time_machine.off", change=reader.signed_percent(shown.came / shown.expected - 1))
    if shown.inside is not None:
        text += reader.t("time_machine.inside", inside=shown.inside, count=shown.count)
    return text
