"""How right we were, in sentences and a table of words; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from backend import calibration
from backend.accuracy import LEVELS, newest_per_step
from backend.totals import adds_up
from dashboard.board import Sentence
from dashboard.headline import unit_of
from dashboard.moments import when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.accuracy import Accuracy
    from backend.actuals import Actuals
    from backend.calibration import Bias, Held, LeadTime, Miss
    from backend.forecast_components import Components
    from backend.season_groups import Group
    from backend.series_calendar import Frequency
    from dashboard.board import Tone
    from dashboard.i18n import Reader


def lead_time_table(reader: Reader, series: Actuals, pairs: pd.DataFrame) -> pd.DataFrame:
    """Errors by lead time in words, one row each; empty when no forecast can be judged yet."""
    rows = [
        {"lead": lead_label(reader, series.frequency, part)} | _errors(reader, series, part.accuracy)
        for part in calibration.lead_times(series, pairs)
    ]
    frame = pd.DataFrame(rows)
    frame.columns = pd.Index([reader.t(f"accuracy.{column}") for column in frame.columns])
    return frame


def lead_label(reader: Reader, frequency: Frequency, part: LeadTime) -> str:
    """Next day, first week, fourth week; and the weekday where only one could be compared."""
    label = reader.t(f"calibration.lead.{frequency}.{part.first}_{part.last}")
    if part.weekday is None:
        return label
    return reader.t("calibration.only", label=label, weekday=reader.t(f"weekday.{part.weekday}"))


def calibration_sentences(reader: Reader, series: Actuals, pairs: pd.DataFrame) -> tuple[Sentence, ...]:
    """Whether each band held, overall and by group of the season, and to which side we were off lately."""
    newest = newest_per_step(pairs)
    lean = calibration.bias(newest, calibration.RECENT_SEASONS * series.season)
    if lean is None:
        return ()
    held = calibration.coverage(series, newest)
    bands = [
        band_sentence(reader, series.frequency, own)
        for level in LEVELS
        if (own := [one for one in held if one.level == level])
    ]
    told = bands or [Sentence(reader.t("calibration.no_band"))]
    return (*told, bias_sentence(reader, series, lean))


def band_sentence(reader: Reader, frequency: Frequency, held: Sequence[Held]) -> Sentence:
    """One band: its share overall and by group, and what that says of its width; `held` is of one level."""
    whole, *groups = held
    remark, tone = _remark(reader, whole, groups)
    text = reader.t(
        "calibration.held_by_group" if groups else "calibration.held",
        level=reader.percent(whole.level / 100),
        share=reader.percent(whole.share),
        count=reader.number(whole.count),
        steps=reader.t(f"calibration.steps.{frequency}"),
        shares=reader.join([group_share(reader, group.group, group.share) for group in groups]),
        remark=remark,
    )
    return Sentence(text, tone=tone)


def _remark(reader: Reader, whole: Held, groups: Sequence[Held]) -> tuple[str, Tone]:
    """What the shares say of the band's width: of groups where they differ from the whole, else of it."""
    off = [group for group in groups if group.verdict in ("narrow", "wide")]
    narrow = "narrow" in (whole.verdict, *(group.verdict for group in off))
    tone: Tone = "bad" if narrow else "good" if whole.verdict == "held" and not off else "calm"
    if off and {group.verdict for group in off} != {whole.verdict}:
        parts = [
            reader.t(f"calibration.group_{group.verdict}", group=reader.t(f"calibration.group.{group.group}"))
            for group in off
        ]
        return reader.t("calibration.by_group", parts=reader.join(parts)), tone
    return reader.t(f"calibration.verdict_{whole.verdict or 'unsure'}"), tone


def group_share(reader: Reader, group: Group, share: float) -> str:
    """A group with its share: weekdays 74 %; the share alone where there is one group."""
    if group == "all":
        return reader.percent(share)
    name = reader.t(f"calibration.group.{group}")
    return reader.t("calibration.group_share", group=name, share=reader.percent(share))


def bias_sentence(reader: Reader, series: Actuals, lean: Bias) -> Sentence:
    """How far, and to which side, the forecasts of the last four seasons were off on average."""
    unit = unit_of(series)
    share = abs(lean.recent_mean) / lean.recent_size if lean.recent_size else 0.0
    count = reader.number(lean.recent)
    steps = reader.t(f"calibration.steps.{series.frequency}")
    if share < calibration.BALANCED:
        return Sentence(reader.t("calibration.bias_none", count=count, steps=steps), tone="good")
    key = f"calibration.bias_{'high' if lean.recent_mean > 0 else 'low'}"
    return Sentence(
        reader.t(
            f"{key}_total" if adds_up(series) else key,
            count=count,
            steps=steps,
            amount=reader.amount(abs(lean.recent_mean), unit),
            share=reader.percent(share),
            total=reader.amount(abs(lean.recent_total), unit),
        )
    )


def miss_sentences(reader: Reader, series: Actuals, pairs: pd.DataFrame) -> tuple[Sentence, ...]:
    """The worst misses, worst first: the day, what we said, what came, and by how much that was off."""
    return tuple(
        Sentence(miss_text(reader, series, miss)) for miss in calibration.worst_misses(newest_per_step(pairs))
    )


def miss_text(reader: Reader, series: Actuals, miss: Miss) -> str:
    """One miss: Saturday, 24 May 2014: $1,386 came, $1,146 more than the $240 we had said."""
    unit = unit_of(series)
    weekday = "_weekday" if series.frequency in calibration.WITH_WEEKDAYS else ""
    return reader.t(
        f"calibration.miss_{'above' if miss.error < 0 else 'below'}{weekday}",
        day=when(reader, miss.ds, series.frequency),
        weekday=reader.t(f"weekday.{miss.ds.weekday()}"),
        came=reader.amount(miss.came, unit),
        said=reader.amount(miss.said, unit),
        off=reader.amount(abs(miss.error), unit),
    )


def components_sentence(reader: Reader, series: Actuals, parts: Components) -> str:
    """The forecast's level against that of the last seasons, and where its season is highest and lowest."""
    unit = unit_of(series)
    ordered = sorted(parts.profile, key=lambda position: position.forecast)
    low, high = ordered[0], ordered[-1]
    change = parts.level / parts.actual_level - 1 if parts.actual_level > 0 else None
    return reader.t(
        "calibration.components" if change is not None else "calibration.components_alone",
        level=reader.amount(parts.level, unit),
        change="" if change is None else reader.signed_percent(change),
        seasons=reader.t(f"calibration.seasons.{series.frequency}", count=parts.seasons),
        high=position_name(reader, series.frequency, high.number),
        high_value=reader.amount(parts.level + high.forecast, unit),
        low=position_name(reader, series.frequency, low.number),
        low_value=reader.amount(parts.level + low.forecast, unit),
    )


def position_name(reader: Reader, frequency: Frequency, number: int) -> str:
    """A position in the season: Monday, 13:00, May, quarter 2, week 20."""
    if frequency in ("D", "B"):
        return reader.t(f"weekday.{number}")
    if frequency == "MS":
        return reader.t(f"month.{number}")
    return reader.t(f"calibration.position.{frequency}", number=number)


def _errors(reader: Reader, series: Actuals, accuracy: Accuracy) -> dict[str, str]:
    unit = unit_of(series)
    unknown = reader.t("kpi.unknown")

    def share(value: float | None) -> str:
        return unknown if value is None else reader.percent(value)

    return {
        "mae": reader.amount(accuracy.mae, unit),
        "wape": share(accuracy.wape),
        "rmse": reader.amount(accuracy.rmse, unit),
        "inside_80": share(accuracy.coverage.get(80)),
        "inside_95": share(accuracy.coverage.get(95)),
    }
