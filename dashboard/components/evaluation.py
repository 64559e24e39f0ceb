"""A training report as its readers see it: leaderboard, error by lead time, ranges by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend.accuracy import LEVELS
from backend.evaluation import RIGHT_COVERAGE
from backend.training_report import CHALLENGER, REGISTERED
from dashboard.chart_words import digits_for
from dashboard.components.feedback import plain
from dashboard.components.figures import draw
from dashboard.components.registry_view import metric_text
from dashboard.evaluation_words import (
    candidate_name,
    choice_name,
    coverage_remark,
    group_name,
    lead_time_label,
    measured_on,
    unbroken,
    verdict_sentence,
)
from dashboard.lead_time_chart import ErrorLine, Look, lead_time_chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.evaluation import Outcome, Verdict
    from backend.training_report import Standing, TrainingReport
    from dashboard.i18n import Reader

LEADING = 5  # candidates that are shown without asking
SIGNS: dict[Outcome, str] = {
    "first": ":blue[:material/info:]",
    "better": ":green[:material/check_circle:]",
    "not_better": ":gray[:material/do_not_disturb_on:]",
    "unmeasured": ":blue[:material/info:]",
}
SEASONAL_NAIVE = "seasonal-naive"


def show_verdict(reader: Reader, verdict: Verdict, champion: str) -> None:
    """The comparison with the champion in a sentence, with a sign of how it ended."""
    sentence = plain(verdict_sentence(reader, verdict, champion))
    st.markdown(f"{SIGNS[verdict.outcome]}&ensp;**{sentence}**")


def show_report(reader: Reader, report: TrainingReport, *, key: str) -> None:
    """Everything that a run measured; `key` tells two reports on one page apart."""
    st.markdown(plain(reader.t("evaluation.chosen", choice=choice_name(reader, report))))
    st.caption(measured_on(reader, report))
    _leaderboard(reader, report, key=key)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _lead_times(reader, report, key=f"{key}_lead_times")
    with right:
        _groups(reader, report)


def _leaderboard(reader: Reader, report: TrainingReport, *, key: str) -> None:
    st.markdown(f"**{reader.t('evaluation.leaderboard')}**", help=reader.t("evaluation.leaderboard_help"))
    measured = [row for row in report.leaderboard if not row.error]
    leading = [row for row in measured if row.role == "candidate"][:LEADING]
    floor = _floor(report)
    shown = [
        row for row in measured if row in leading or row.role in (CHALLENGER, REGISTERED) or row == floor
    ]
    _table(reader, report, shown)
    if measured[0].role != CHALLENGER:
        st.caption(reader.t("evaluation.hindsight"))
    if len(shown) < len(report.leaderboard):
        with st.expander(
            reader.t("evaluation.everybody", count=len(report.leaderboard)),
            icon=":material/format_list_numbered:",
            key=f"{key}_everybody",
        ):
            _table(reader, report, measured)
            for row in report.leaderboard:
                if row.error:
                    name = candidate_name(reader, row.name, report.data.frequency)
                    st.caption(plain(reader.t("evaluation.not_fitted", name=name, reason=row.error)))


def _table(reader: Reader, report: TrainingReport, rows: Sequence[Standing]) -> None:
    frame = pd.DataFrame([_row(reader, report, row) for row in rows])
    best = next((row for row in rows if row.role in ("candidate", "reference")), rows[0])
    alt = reader.t("evaluation.leaderboard_alt", name=_name(reader, report, best), count=len(rows))
    st.table(frame, hide_index=True, border="horizontal", alt=alt)


def _row(reader: Reader, report: TrainingReport, row: Standing) -> dict[str, str]:
    unknown = reader.t("kpi.unknown")
    name = plain(unbroken(_name(reader, report, row)))
    figures = {"CRPS": row.crps, "RMSE": row.rmse, "MASE": row.mase, "R2": row.r2}
    looks = {CHALLENGER: f":blue[**{name}**]", REGISTERED: f"**{name}**"}
    cells = {reader.t("evaluation.model"): looks.get(row.role, name)}
    cells |= {
        metric: unknown if value is None else metric_text(reader, metric, value)
        for metric, value in figures.items()
    }
    for level in LEVELS:
        share = (row.coverage or {}).get(level)
        cells[reader.t("evaluation.inside", level=reader.percent(level / 100))] = (
            unknown if share is None else reader.percent(share)
        )
    cells[reader.t("evaluation.bias")] = (
        unknown if row.bias is None else reader.number(row.bias, digits_for(row.rmse or 0))
    )
    return cells


def _name(reader: Reader, report: TrainingReport, row: Standing) -> str:
    if row.role in (CHALLENGER, REGISTERED):
        return reader.t(f"evaluation.role.{row.role}")
    return candidate_name(reader, row.name, report.data.frequency)


def _lead_times(reader: Reader, report: TrainingReport, *, key: str) -> None:
    looks: list[tuple[Standing | None, Look]] = [
        (report.standing(CHALLENGER), "challenger"),
        (report.standing(REGISTERED), "champion"),
        (_floor(report), "reference"),
    ]
    rows = {
        (row.name, _name(reader, report, row), look): report.by_lead_time(row.name)
        for row, look in looks
        if row and report.by_lead_time(row.name)
    }
    if not rows:
        return
    st.markdown(f"**{reader.t('evaluation.lead_times')}**", help=reader.t("evaluation.lead_times_help"))
    steps = next(iter(rows.values()))
    labels = [lead_time_label(reader, report.data.frequency, step.first, step.last) for step in steps]
    lines = [
        ErrorLine(name, look, tuple(step.rmse for step in errors)) for (_, name, look), errors in rows.items()
    ]
    digits = digits_for(max(max(line.errors) for line in lines))
    alt = reader.t(
        "evaluation.lead_times_alt",
        first=labels[0],
        last=labels[-1],
        figures=reader.join(
            [
                reader.t(
                    "evaluation.from_to",
                    name=line.name,
                    first=reader.number(line.errors[0], digits),
                    last=reader.number(line.errors[-1], digits),
                )
                for line in lines
            ]
        ),
    )
    draw(lead_time_chart(labels, lines, value_format=f",.{digits}f"), key=key, alt=alt)


def _floor(report: TrainingReport) -> Standing | None:
    """The seasonal naive forecast, of the first season where there are several."""
    return next((row for row in report.leaderboard if row.name.startswith(SEASONAL_NAIVE)), None)


def _groups(reader: Reader, report: TrainingReport) -> None:
    chosen = report.standing(CHALLENGER)
    if chosen is None or not chosen.groups:
        return
    st.markdown(f"**{reader.t('evaluation.groups')}**", help=reader.t("evaluation.groups_help"))
    rows, off = [], []
    for group in chosen.groups:
        remark = coverage_remark(reader, group)
        name = group_name(reader, group.name)
        if remark:
            off.append(reader.t("evaluation.off", group=name, remark=remark))
        row = {reader.t("evaluation.group_column"): name}
        row |= {
            reader.t("evaluation.inside", level=reader.percent(level / 100)): reader.percent(share)
            for level, share in sorted(group.coverage.items())
        }
        row[reader.t("evaluation.remark")] = (
            f":orange[{remark}]" if remark else f":green[{reader.t('evaluation.right')}]"
        )
        rows.append(row)
    alt = reader.join(off) if off else reader.t("evaluation.all_right")
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", alt=alt)
    targets = [
        reader.t(
            "evaluation.target",
            level=reader.percent(level / 100),
            low=reader.percent(low),
            high=reader.percent(high),
        )
        for level, (low, high) in RIGHT_COVERAGE.items()
    ]
    st.caption(reader.t("evaluation.targets", targets=reader.join(targets)))
