"""The figures of a board as tiles: what comes next, how far off we were, how often inside; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.calibration import by_origin
from backend.horizons import NEXT_STEPS
from backend.totals import adds_up
from dashboard.board import Tile
from dashboard.headline import bias_remark, skill_remark, unit_of

if TYPE_CHECKING:
    import pandas as pd

    from backend.actuals import Actuals
    from backend.outlook import Outlook
    from backend.track_record import Record
    from dashboard.i18n import Reader

SEASONS_BEFORE = 4  # of actuals before the forecast in a sparkline


def tiles(
    reader: Reader, series: Actuals, future: pd.DataFrame, outlooks: tuple[Outlook, ...], past: Record
) -> tuple[Tile, ...]:
    """One tile an outlook, then miss, bias and coverage; what can't be measured yet says so.

    `future` is the whole forecast (ds, mean); `outlooks` is empty without one.
    """
    ahead = [_ahead(reader, series, future, outlook) for outlook in outlooks] or [_unknown(reader, series)]
    judged = by_origin(past.pairs, NEXT_STEPS[series.frequency])
    miss, bias, inside = (tuple(judged[name].dropna().tolist()) for name in ("miss", "bias", "inside"))
    return (
        *ahead,
        _miss(reader, series, past, miss),
        _bias(reader, series, past, bias),
        _coverage(reader, past, inside),
    )


def _ahead(reader: Reader, series: Actuals, future: pd.DataFrame, outlook: Outlook) -> Tile:
    unit = unit_of(series)
    kind = "total" if adds_up(series) else "mean"
    change = ""
    if outlook.change is not None:
        change = reader.t(f"kpi.change_{kind}", change=reader.signed_percent(outlook.change))
    before = series.frame["y"].to_numpy(dtype=float)[-SEASONS_BEFORE * series.season :]
    return Tile(
        key=f"next_{outlook.steps}",
        label=reader.t(f"kpi.next_{kind}.{series.frequency}", steps=outlook.steps),
        value=reader.amount(outlook.total if kind == "total" else outlook.average, unit),
        remark=change,
        meaning=reader.t(f"kpi.next_{kind}_help"),
        course=(*before.tolist(), *future["mean"].head(outlook.steps).tolist()),
        course_words=reader.t("kpi.course_ahead", change=change or reader.t("kpi.unknown")),
    )


def _unknown(reader: Reader, series: Actuals) -> Tile:
    kind = "total" if adds_up(series) else "mean"
    label = reader.t(f"kpi.next_{kind}.{series.frequency}", steps=NEXT_STEPS[series.frequency])
    return Tile("next", label, reader.t("kpi.unknown"), "", reader.t(f"kpi.next_{kind}_help"))


def _miss(reader: Reader, series: Actuals, past: Record, course: tuple[float, ...]) -> Tile:
    label, meaning = reader.t("kpi.miss"), reader.t(f"kpi.miss_help.{series.frequency}")
    if past.near is None:
        return _too_early(reader, "miss", label, meaning)
    value = reader.amount(past.near.mae, unit_of(series))
    told = _course_words(reader, [reader.amount(one, unit_of(series)) for one in course])
    return Tile("miss", label, value, skill_remark(reader, past.near) or "", meaning, course, told)


def _bias(reader: Reader, series: Actuals, past: Record, course: tuple[float, ...]) -> Tile:
    label, meaning = reader.t("kpi.bias"), reader.t("kpi.bias_help")
    if past.near is None:
        return _too_early(reader, "bias", label, meaning)
    value = _signed(reader, past.near.bias, unit_of(series))
    remark = bias_remark(reader, past.near, float(series.frame["y"].abs().mean()))
    told = _course_words(reader, [_signed(reader, one, unit_of(series)) for one in course])
    return Tile("bias", label, value, remark, meaning, course, told)


def _coverage(reader: Reader, past: Record, course: tuple[float, ...]) -> Tile:
    label, meaning = reader.t("kpi.coverage"), reader.t("kpi.coverage_help")
    share = past.near.coverage.get(80) if past.near else None
    if share is None:
        remark = reader.t("kpi.no_interval" if past.near else "kpi.too_early")
        return Tile("coverage", label, reader.t("kpi.unknown"), remark, meaning)
    told = _course_words(reader, [reader.percent(one) for one in course])
    remark = reader.t("kpi.coverage_target")
    return Tile("coverage", label, reader.percent(share), remark, meaning, course, told)


def _signed(reader: Reader, value: float, unit: str | None) -> str:
    return ("+" if value > 0 else "") + reader.amount(value, unit)


def _too_early(reader: Reader, key: str, label: str, meaning: str) -> Tile:
    return Tile(key, label, reader.t("kpi.unknown"), reader.t("kpi.too_early"), meaning)


def _course_words(reader: Reader, told: list[str]) -> str:
    """From the first past forecast to the newest."""
    return reader.t("kpi.course", count=len(told), first=told[0], last=told[-1]) if told else ""
