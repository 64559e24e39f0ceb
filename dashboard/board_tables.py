"""A board's tables: the forecast step by step, and the figures behind page and exports; pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from dashboard.chart_words import digits_for
from dashboard.headline import unit_of
from dashboard.moments import when

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from dashboard.i18n import Reader

WITH_WEEKDAYS = ("h", "D", "B")  # frequencies whose steps have a weekday of their own


def days_table(reader: Reader, series: Actuals, future: pd.DataFrame) -> pd.DataFrame:
    """The forecast step by step with its limits, in words."""
    unit = unit_of(series)
    # One column, one number of digits.
    digits = digits_for(float(series.frame["y"].abs().mean()))

    def limits(level: int) -> list[str]:
        return [
            reader.t("days.none")
            if math.isnan(low)
            else reader.t(
                "days.limits", low=reader.amount(low, unit, digits), high=reader.amount(high, unit, digits)
            )
            for low, high in zip(
                future[f"lower_{level}"].tolist(), future[f"upper_{level}"].tolist(), strict=True
            )
        ]

    steps = future["ds"].dt.to_pydatetime().tolist() if len(future) else []
    frame = pd.DataFrame(
        {
            reader.t("days.day"): [when(reader, step, series.frequency) for step in steps],
            reader.t("days.weekday"): [reader.t(f"weekday.{step.weekday()}") for step in steps],
            reader.t("days.mean"): [reader.amount(value, unit, digits) for value in future["mean"].tolist()],
            **{reader.percent(level / 100): limits(level) for level in (80, 95)},
        }
    )
    if series.frequency not in WITH_WEEKDAYS:
        frame = frame.drop(columns=reader.t("days.weekday"))
    return frame


def narrow_days(reader: Reader, days: pd.DataFrame) -> pd.DataFrame:
    """The table of days with a day and its weekday in one column, as a phone has room for."""
    day, weekday = reader.t("days.day"), reader.t("days.weekday")
    if weekday not in days:
        return days
    named = [
        reader.t("days.named", day=one, weekday=name)
        for one, name in zip(days[day], days[weekday], strict=True)
    ]
    return days.assign(**{day: named}).drop(columns=weekday)


def figures_table(series: Actuals, future: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """Actuals, what was said for them and the forecast, in one table; interpolated actuals are marked.

    Columns: ds, y, interpolated, origin, mean, lower_80 .. upper_95.
    """
    columns = ["mean", *(column for column in future.columns if column.startswith(("lower", "upper")))]
    observed = series.frame.assign(interpolated=series.frame["ds"].isin(pd.to_datetime([*series.filled])))
    past = observed.merge(said[["ds", "origin", *columns]], on="ds", how="left")
    ahead = future.assign(origin=pd.Timestamp(series.origin), interpolated=False)
    return pd.concat([past, ahead], ignore_index=True)
