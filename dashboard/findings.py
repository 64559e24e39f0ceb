"""What stands out in a series, a sentence each; pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from backend.series_calendar import has_hours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.actuals import Actuals, Finding
    from backend.series_calendar import Frequency
    from dashboard.i18n import Reader

DATES_NAMED = 3
# What stood out longer ago is not told beside a chart of the last weeks; longer steps are seen over years.
TOLD_FOR = timedelta(weeks=13)
SHORT_STEPS = ("h", "D", "B")


def when(reader: Reader, moment: datetime, frequency: str) -> str:
    """A step of a series: 31 May 2014, with its hour where the series has hours."""
    day = reader.date(moment)
    return reader.t("format.moment", date=day, time=f"{moment:%H:%M}") if has_hours(frequency) else day


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


def finding_sentence(reader: Reader, finding: Finding, frequency: Frequency, unit: str | None) -> str:
    """One finding as a sentence; `unit` is that of the series' values, USD or None for plain numbers."""
    if finding.code in ("incomplete-last", "outlier"):
        return _compared(reader, finding, frequency, unit)
    if finding.code == "profile-changed":
        return reader.t(
            f"finding.profile-changed.{frequency}",
            since=_date(reader, finding.dates[0], frequency),
            count=finding.details["recent_seasons"],
            correlation=reader.number(float(str(finding.details["correlation"])), 2),
        )
    dates = [_date(reader, date, frequency) for date in finding.dates]
    # A list of hours would be hard to read.
    if finding.count <= (1 if has_hours(frequency) else DATES_NAMED):
        return reader.t(f"finding.{finding.code}", dates=reader.join(dates))
    return reader.t(f"finding.{finding.code}_many", count=reader.number(finding.count), newest=dates[-1])


def _compared(reader: Reader, finding: Finding, frequency: Frequency, unit: str | None) -> str:
    """The newest value that is unlike those before it, in figures, and the dates of the others."""
    cases: Sequence[dict[str, Any]] = finding.details["cases"]  # type: ignore[assignment]
    newest = cases[-1]
    weekday = datetime.fromisoformat(newest["date"]).weekday()
    sentence = reader.t(
        f"finding.{finding.code}",
        date=_date(reader, newest["date"], frequency),
        value=reader.amount(newest["value"], unit),
        usual=reader.amount(newest["usual"], unit),
        compared=reader.t(
            f"finding.compared.{frequency}", count=newest["compared"], weekday=reader.t(f"weekday.{weekday}")
        ),
    )
    others = [_date(reader, case["date"], frequency) for case in cases[-2::-1]]
    if not others:
        return sentence
    if has_hours(frequency):
        count = reader.number(finding.count - 1)
        return reader.t("finding.others_counted", sentence=sentence, count=count, newest=others[0])
    others = others[: DATES_NAMED - 1]
    earlier = finding.count - 1 - len(others)
    key = "finding.others_and_earlier" if earlier else "finding.others"
    return reader.t(key, sentence=sentence, dates=reader.join(others), count=reader.number(earlier))


def _date(reader: Reader, text: str, frequency: str) -> str:
    return when(reader, datetime.fromisoformat(text), frequency)
