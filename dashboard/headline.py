"""The sentences of the Forecast page, written from its figures; pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backend.accuracy import count_inside
from backend.calibration import BALANCED
from backend.panel import SEPARATOR, TOTAL
from backend.totals import adds_up
from dashboard.moments import when

if TYPE_CHECKING:
    import pandas as pd

    from backend.accuracy import Accuracy
    from backend.actuals import Actuals
    from backend.forecasts import ForecastView
    from backend.outlook import Outlook
    from backend.series_calendar import Frequency
    from backend.track_record import Last
    from dashboard.i18n import Reader

# The units of the series that we know; a series that somebody uploads is counted in plain numbers.
UNITS = {"adventureworks_daily": "USD", "adventureworks_sales_daily": "USD"}
# How far back "lately" goes, where steps are short enough to count those inside their range.
RECENT_DAYS: dict[Frequency, int] = {"h": 1, "D": 7, "B": 7}
EVEN = 0.005  # an error below this share is written as 0 %


def unit_of(series: Actuals) -> str | None:
    """USD, or None for plain numbers; the parts of a table have the unit of the whole."""
    return UNITS.get(series.name.partition(SEPARATOR)[0])


def subject(reader: Reader, series: Actuals) -> str:
    """What the series counts: a name of ours, or its value column's."""
    whole, _, part = series.name.partition(SEPARATOR)
    # Only names of ours are looked up: somebody's part.csv must not find the catalogue's series.part.
    name = reader.t(f"series.{whole}") if whole in UNITS else series.value_column
    if part in ("", TOTAL):
        return name
    return reader.t("series.part", subject=name, part=part.replace(SEPARATOR, " · "))


def headline(reader: Reader, series: Actuals, view: ForecastView, ahead: Outlook | None) -> str:
    """The page's message: what comes next, and how sure that is."""
    name = subject(reader, series)
    if ahead is None or not ahead.steps:
        passed = view.future is not None
        return reader.t(f"headline.{'passed' if passed else 'nothing'}", subject=name)
    unit = unit_of(series)
    if adds_up(series):
        return _total(reader, series, ahead, name, unit)
    frequency: str = series.frequency
    values = {"subject": name, "steps": ahead.steps, "average": reader.amount(ahead.average, unit)}
    if ahead.high is not None:
        values["high"] = reader.amount(ahead.high, unit)
        frequency += "_below" if ahead.low is None else "_range"
    if ahead.low is not None:
        values["low"] = reader.amount(ahead.low, unit)
    own = f"headline.{series.name}.{frequency}"
    has_own = series.name in UNITS and reader.has(own)
    return reader.t(own if has_own else f"headline.{frequency}", **values)


def _total(reader: Reader, series: Actuals, ahead: Outlook, name: str, unit: str | None) -> str:
    values = {"subject": name, "steps": ahead.steps, "total": reader.amount(ahead.total, unit)}
    if ahead.total_low is None or ahead.total_high is None:
        return reader.t(f"headline.total.{series.frequency}", **values)
    values |= {
        "low": reader.amount(ahead.total_low, unit),
        "high": reader.amount(ahead.total_high, unit),
    }
    return reader.t(f"headline.total.{series.frequency}_range", **values)


def lead(reader: Reader, series: Actuals, ahead: Outlook | None, last: Last | None) -> str:
    """The second sentence: against the time before, against a year ago, and how the last forecast did."""
    parts = []
    if ahead is not None and ahead.change is not None:
        change = reader.signed_percent(ahead.change)
        parts.append(reader.t(f"lead.change.{series.frequency}", change=change))
    if ahead is not None and ahead.year_change is not None:
        parts.append(reader.t("lead.year", change=reader.signed_percent(ahead.year_change)))
    if last is not None and last.off is not None:
        side = "even" if abs(last.off) < EVEN else "high" if last.off > 0 else "low"
        parts.append(reader.t(f"lead.last_{side}", share=reader.percent(abs(last.off))))
    return reader.t("lead.sentence", parts=reader.t("lead.separator").join(parts)) if parts else ""


def byline(reader: Reader, series: Actuals, view: ForecastView, judged: pd.DataFrame) -> str:
    """Who said it and when, from what data, and whether what was said for the last week (or day) held."""
    parts = []
    if view.future is not None:
        parts.append(
            reader.t(
                "byline.issued",
                moment=reader.moment(view.future.issued_at),
                model=view.future.model_name,
                version=view.future.model_version,
            )
        )
    parts.append(reader.t("byline.data", date=when(reader, series.origin, series.frequency)))
    if series.frequency in RECENT_DAYS:
        recent = judged[judged["ds"] > series.origin - timedelta(days=RECENT_DAYS[series.frequency])]
        inside = count_inside(recent, 80)
        if inside is not None:
            parts.append(reader.t(f"byline.recent.{series.frequency}", inside=inside, count=len(recent)))
    return " · ".join(parts)


def bias_remark(reader: Reader, accuracy: Accuracy, typical: float) -> str:
    """Whether the forecasts lean to one side."""
    if typical and abs(accuracy.bias) < BALANCED * typical:
        return reader.t("kpi.bias_none")
    return reader.t("kpi.bias_high" if accuracy.bias > 0 else "kpi.bias_low")


def skill_remark(reader: Reader, accuracy: Accuracy) -> str | None:
    """Better or worse than repeating the season before; None when that can't be measured."""
    if accuracy.mase is None:
        return None
    key = "kpi.skill_better" if accuracy.mase < 1 else "kpi.skill_worse"
    return reader.t(key, share=reader.percent(abs(1 - accuracy.mase)))
