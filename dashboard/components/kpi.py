"""The Forecast page's figures: what comes next, how far off we were, to which side, how often inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.feedback import plain
from dashboard.headline import bias_remark, skill_remark, unit_of

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from dashboard.i18n import Reader
    from dashboard.series import Outlook, Record

SHORTEST = 150  # pixels; four in a row on a desk, two by two on a phone


def show_kpis(reader: Reader, series: Actuals, ahead: Outlook | None, past: Record) -> None:
    """Four tiles; those that can't be measured yet say so."""
    with st.grid(4, min_column_width=SHORTEST):
        _next(reader, series, ahead)
        _miss(reader, series, past)
        _bias(reader, series, past)
        _coverage(reader, past)


def _tile(label: str, value: str, remark: str, meaning: str) -> None:
    """The remark is a caption, since a metric's own delta is cut off where a phone leaves no room."""
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(label, value, help=meaning)
        if remark:
            st.caption(plain(remark))


def _next(reader: Reader, series: Actuals, ahead: Outlook | None) -> None:
    label = reader.t(f"kpi.next.{series.frequency}")
    meaning = reader.t("kpi.next_help")
    if ahead is None or not ahead.steps:
        _tile(label, reader.t("kpi.unknown"), "", meaning)
        return
    value = reader.amount(ahead.average, unit_of(series))
    remark = ""
    if ahead.change is not None:
        remark = reader.t(f"kpi.change.{series.frequency}", change=reader.signed_percent(ahead.change))
    _tile(label, value, remark, meaning)


def _miss(reader: Reader, series: Actuals, past: Record) -> None:
    label = reader.t("kpi.miss")
    meaning = reader.t(f"kpi.miss_help.{series.frequency}")
    if past.near is None:
        _tile(label, reader.t("kpi.unknown"), reader.t("kpi.too_early"), meaning)
        return
    value = reader.amount(past.near.mae, unit_of(series))
    _tile(label, value, skill_remark(reader, past.near) or "", meaning)


def _bias(reader: Reader, series: Actuals, past: Record) -> None:
    label = reader.t("kpi.bias")
    meaning = reader.t("kpi.bias_help")
    if past.near is None:
        _tile(label, reader.t("kpi.unknown"), reader.t("kpi.too_early"), meaning)
        return
    bias = reader.amount(past.near.bias, unit_of(series))
    sign = "+" if past.near.bias > 0 else ""
    _tile(label, sign + bias, bias_remark(reader, past.near, float(series.frame["y"].abs().mean())), meaning)


def _coverage(reader: Reader, past: Record) -> None:
    label = reader.t("kpi.coverage")
    meaning = reader.t("kpi.coverage_help")
    share = past.near.coverage.get(80) if past.near else None
    if share is None:
        _tile(
            label,
            reader.t("kpi.unknown"),
            reader.t("kpi.no_interval" if past.near else "kpi.too_early"),
            meaning,
        )
        return
    _tile(label, reader.percent(share), reader.t("kpi.coverage_target"), meaning)
