"""The tables under the forecast chart: how right we were, and the forecast day by day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend.series_calendar import has_hours
from dashboard.components.feedback import plain
from dashboard.components.figures import digits_for
from dashboard.findings import when
from dashboard.headline import unit_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.accuracy import Accuracy
    from backend.actuals import Actuals
    from dashboard.i18n import Reader
    from dashboard.series import Record

WITH_WEEKDAYS = ("h", "D", "B")  # frequencies whose steps have a weekday of their own


def show_accuracy(reader: Reader, series: Actuals, past: Record) -> None:
    """Errors by lead time, one row each; a sentence when no forecast can be judged yet."""
    st.subheader(reader.t("accuracy.title"), anchor=False, help=reader.t("accuracy.help"))
    if not past.by_lead:
        st.caption(reader.t("accuracy.none"))
        return
    rows = []
    previous = 0
    for lead, accuracy in past.by_lead:
        rows.append({"lead": _lead(reader, series, previous + 1, lead)} | _figures(reader, series, accuracy))
        previous = lead
    frame = pd.DataFrame(rows)
    frame.columns = pd.Index([reader.t(f"accuracy.{column}") for column in frame.columns])
    st.table(frame, hide_index=True, border="horizontal", alt=reader.t("accuracy.title"))
    compared = sum(accuracy.count for _, accuracy in past.by_lead)
    st.caption(reader.t("accuracy.note", count=reader.number(compared)))


def show_days(reader: Reader, series: Actuals, future: pd.DataFrame) -> None:
    """The forecast step by step with its limits."""
    unit = unit_of(series)
    # One column, one number of digits.
    digits = digits_for(float(series.frame["y"].abs().mean()))

    def limits(level: int) -> Callable[[pd.Series], str]:
        return lambda row: (
            reader.t("days.none")
            if pd.isna(row[f"lower_{level}"])
            else plain(
                reader.t(
                    "days.limits",
                    low=reader.amount(row[f"lower_{level}"], unit, digits),
                    high=reader.amount(row[f"upper_{level}"], unit, digits),
                )
            )
        )

    frame = pd.DataFrame(
        {
            reader.t("days.day"): [when(reader, step, series.frequency) for step in future["ds"]],
            reader.t("days.weekday"): [reader.t(f"weekday.{day.weekday()}") for day in future["ds"]],
            reader.t("days.mean"): [plain(reader.amount(value, unit, digits)) for value in future["mean"]],
            reader.percent(0.8): future.apply(limits(80), axis=1),
            reader.percent(0.95): future.apply(limits(95), axis=1),
        }
    )
    if series.frequency not in WITH_WEEKDAYS:
        frame = frame.drop(columns=reader.t("days.weekday"))
    st.table(frame, hide_index=True, border="horizontal", height=320, alt=reader.t("days.title"))


def forecast_csv(series: Actuals, future: pd.DataFrame, said: pd.DataFrame) -> str:
    """Actuals, what was said for them and the forecast, in one CSV; interpolated actuals are marked."""
    columns = ["mean", *(column for column in future.columns if column.startswith(("lower", "upper")))]
    observed = series.frame.assign(interpolated=series.frame["ds"].isin(pd.to_datetime([*series.filled])))
    past = observed.merge(said[["ds", "origin", *columns]], on="ds", how="left")
    table = pd.concat(
        [past, future.assign(origin=pd.Timestamp(series.origin), interpolated=False)], ignore_index=True
    )
    return table.to_csv(
        index=False, date_format="%Y-%m-%dT%H:%M:%S" if has_hours(series.frequency) else "%Y-%m-%d"
    )


def _lead(reader: Reader, series: Actuals, first: int, last: int) -> str:
    key = "accuracy.step" if first == last else "accuracy.steps"
    return reader.t(f"{key}.{series.frequency}", first=first, last=last)


def _figures(reader: Reader, series: Actuals, accuracy: Accuracy) -> dict[str, str]:
    unit = unit_of(series)
    unknown = reader.t("kpi.unknown")

    def share(value: float | None) -> str:
        return unknown if value is None else reader.percent(value)

    return {
        "mae": plain(reader.amount(accuracy.mae, unit)),
        "wape": share(accuracy.wape),
        "rmse": plain(reader.amount(accuracy.rmse, unit)),
        "inside_80": share(accuracy.coverage.get(80)),
        "inside_95": share(accuracy.coverage.get(95)),
    }
