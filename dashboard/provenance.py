"""Where a figure comes from: who issued it, when, from what; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.headline import unit_of
from dashboard.moments import when

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from backend.forecast_types import Vintage
    from backend.forecasts import ForecastView
    from backend.series_calendar import Frequency
    from dashboard.charts import Lines
    from dashboard.i18n import Reader


def explained_steps(reader: Reader, lines: Lines, frequency: Frequency) -> dict[str, str]:
    """The steps that a chart shows a forecast for, in ISO format, and their names.

    The newest first, since those are asked about most.
    """
    ahead = [step.to_pydatetime() for step in lines.future["ds"]]
    past = [step.to_pydatetime() for step in reversed(lines.said["ds"].tolist())]
    return {step.isoformat(): when(reader, step, frequency) for step in [*ahead, *past]}


def issued_for(view: ForecastView, said: pd.DataFrame, step: datetime) -> Vintage | None:
    """The forecast that is shown for a step: the one ahead, else the newest that was issued before it."""
    if view.future and any(point.ds == step for point in view.future.points):
        return view.future
    origins = said.loc[said["ds"] == step, "origin"]
    if origins.empty:
        return None
    return next((past for past in view.past if past.origin == origins.iloc[0]), None)


def figure_sentence(reader: Reader, view: ForecastView, vintage: Vintage, step: datetime) -> str:
    """1 June 2014: $217, in four cases of five between .. and ..; it came to .."""
    series, unit = view.actuals, unit_of(view.actuals)
    [point] = [point for point in vintage.points if point.ds == step]
    text = reader.t(
        "provenance.figure", day=when(reader, step, series.frequency), mean=reader.amount(point.mean, unit)
    )
    if 80 in point.lower:
        low, high = reader.amount(point.lower[80], unit), reader.amount(point.upper[80], unit)
        text += reader.t("provenance.limits", low=low, high=high)
    came = series.frame.loc[series.frame["ds"] == step, "y"]
    if len(came):
        text += reader.t("provenance.came", value=reader.amount(float(came.iloc[0]), unit))
    return text + reader.t("provenance.stop")


def provenance_sentence(reader: Reader, vintage: Vintage) -> str:
    """Issued 22 Nov 2026, 09:00 by demand version 7 on endpoint b, in 212 ms, from actuals up to a day."""
    return reader.t(
        "provenance.issued",
        moment=reader.moment(vintage.issued_at),
        model=vintage.model_name,
        version=vintage.model_version or "–",
        endpoint=vintage.endpoint,
        latency=reader.duration(vintage.latency_ms / 1000),
        origin=when(reader, vintage.origin, vintage.frequency),
    )
