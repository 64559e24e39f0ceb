"""Signals as sentences: what, with its figure and since when, and what to do about it; pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from backend.forecast_monitors import PROFILE_LIMIT
from backend.series_calendar import has_hours
from dashboard.board import Sentence
from dashboard.headline import unit_of
from dashboard.moments import when

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.actuals import Actuals, Finding
    from backend.season_groups import Group
    from backend.series_calendar import Frequency
    from backend.signals import Signal
    from dashboard.i18n import Reader

DATES_NAMED = 3
OF_DATA = ("incomplete-last", "gaps", "interpolated", "duplicates", "outlier", "profile-changed")


def signal_sentence(reader: Reader, series: Actuals, signal: Signal) -> Sentence:
    """One signal in the reader's words."""
    figures: Mapping[str, Any] = signal.figures
    if signal.code in OF_DATA:
        text = finding_sentence(reader, figures["finding"], series.frequency, unit_of(series))
    else:
        text = reader.t(
            _key(signal, series.frequency),
            since=when(reader, signal.since, series.frequency),
            **_values(reader, series, signal),
        )
    advice = reader.t(f"signal.{signal.code}_advice")
    return Sentence(text, advice, "bad" if signal.severity == "warning" else "calm")


def _key(signal: Signal, frequency: Frequency) -> str:
    return f"signal.{signal.code}.{frequency}" if signal.code == "profile" else f"signal.{signal.code}"


def _values(reader: Reader, series: Actuals, signal: Signal) -> dict[str, str]:
    """What fills the sentence of a signal that is not of the data alone."""
    figures: Mapping[str, Any] = signal.figures
    frequency, unit = series.frequency, unit_of(series)
    over, over_long = (reader.t(f"signal.{span}.{frequency}") for span in ("over", "over_long"))
    if signal.code == "freshness":
        return {"date": when(reader, figures["last"], frequency), "count": reader.number(figures["late"])}
    if signal.code == "profile":
        return {
            "count": reader.number(figures["seasons"]),
            "agreement": reader.number(figures["agreement"], 2),
            "limit": reader.number(PROFILE_LIMIT, 2),
        }
    if signal.code == "group-error":
        return {"over": over} | {
            group: reader.t(
                f"signal.{'high' if figures[group] > 0 else 'low'}",
                group=reader.t(f"calibration.group.{group}"),
                amount=reader.amount(abs(figures[group]), unit),
            )
            for group in ("weekday", "weekend")
        }
    if signal.code == "skill":
        return {
            "over": over,
            "guess": reader.t(f"signal.guess.{frequency}"),
            "own": reader.amount(figures["rmse"], unit),
            "simple": reader.amount(figures["guess_rmse"], unit),
        }
    groups: Sequence[Mapping[str, Any]] = figures["groups"]
    shares = [_share_of(reader, group["group"], group["share"]) for group in groups]
    level = reader.percent(groups[0]["level"] / 100)
    return {"over": over_long, "shares": reader.join(shares), "level": level}


def _share_of(reader: Reader, group: Group, share: float) -> str:
    """61 % of weekdays; the share alone where there is one group."""
    if group == "all":
        return reader.percent(share)
    name = reader.t(f"calibration.group.{group}")
    return reader.t("signal.share_of", group=name, share=reader.percent(share))


def finding_sentence(reader: Reader, finding: Finding, frequency: Frequency, unit: str | None) -> str:
    """One finding as a sentence; `unit` is that of the series' values, USD or None for plain numbers."""
    if finding.code in ("incomplete-last", "outlier"):
        return _compared(reader, finding, frequency, unit)
    if finding.code == "profile-changed":
        return reader.t(
            f"finding.profile-changed.{frequency}",
            since=_date(reader, finding.dates[0], frequency),
            count=finding.details["recent_seasons"],
            correlation=reader.number(finding.details["correlation"], 2),
        )
    dates = [_date(reader, date, frequency) for date in finding.dates]
    # A list of hours would be hard to read.
    if finding.count <= (1 if has_hours(frequency) else DATES_NAMED):
        return reader.t(f"finding.{finding.code}", dates=reader.join(dates))
    return reader.t(f"finding.{finding.code}_many", count=reader.number(finding.count), newest=dates[-1])


def _compared(reader: Reader, finding: Finding, frequency: Frequency, unit: str | None) -> str:
    """The newest value that is unlike those before it, in figures, and the dates of the others."""
    cases = finding.details["cases"]
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
