"""Drill-down on the page: which part is shown, all parts beside each other, and who is furthest off plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend.horizons import FAR_STEPS
from dashboard.breakdown import (
    alternative,
    break_down,
    largest,
    level_label,
    node_label,
    plan_by_node,
    summary,
    takeaway,
    unit_of_panel,
)
from dashboard.breakdown_chart import Small, small_charts
from dashboard.chart_words import chart_words, digits_for
from dashboard.components.feedback import plain
from dashboard.components.figures import draw
from dashboard.series import future_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backend.panel import Panel
    from backend.panel_forecasts import PanelView
    from dashboard.breakdown import Breakdown, Part
    from dashboard.i18n import Reader

DRAWN_BEFORE = 2  # times the steps ahead, of actuals in a small chart
TABLE_HEIGHT, ROWS_SHOWN = 420, 11  # pixels; more rows scroll
CHOICE_WIDTH = 280


def choose_node(reader: Reader, panel: Panel) -> str:
    """Which node of a panel the page is about: the total, or any part."""
    key = _node_key(panel)
    if st.session_state.get(key) not in panel.nodes:
        st.session_state[key] = panel.nodes[0]
    return st.selectbox(
        reader.t("breakdown.node"),
        panel.nodes,
        format_func=lambda node: node_label(reader, node),
        key=key,
        label_visibility="collapsed",
        persist_state="session",
        width=CHOICE_WIDTH,
    )


def open_node(panel: Panel, node: str) -> None:
    """Make the page one about a node from its next run on; for callbacks, since a widget holds the choice."""
    st.session_state[_node_key(panel)] = node


def show_breakdown(
    reader: Reader,
    panel: Panel,
    view: PanelView,
    plan: Mapping[str, pd.DataFrame] | None = None,
    opens: Callable[[str], None] | None = None,
) -> None:
    """Small charts of the parts and a table of them, whoever is furthest off plan first.

    `plan` has frames of ds and y by part (backend.plans.Plan.parts); `opens` is called before the page's next
    run when somebody chooses a row, by default `open_node`.
    """
    st.subheader(reader.t("breakdown.title"), anchor=False, help=reader.t("breakdown.help"))
    if not view.futures:
        st.caption(reader.t("breakdown.none"))
        return
    targets = plan_by_node(panel, plan or {})
    found = break_down(panel, view.futures, _choose_level(reader, panel), targets)
    if not found.parts:
        st.caption(reader.t("breakdown.none"))
        return
    st.markdown(plain(summary(reader, panel, found)))
    _draw(reader, panel, view, found, targets)
    _table(reader, panel, found, opens or (lambda node: open_node(panel, node)))


def _node_key(panel: Panel) -> str:
    return f"breakdown_node_{panel.name}"


def _choose_level(reader: Reader, panel: Panel) -> tuple[str, ...]:
    """The nodes of the level that is looked at: by country, by category, by both."""
    levels = [level for level in panel.levels if level.columns]
    if len(levels) < 2:
        return levels[0].nodes
    chosen = st.segmented_control(
        reader.t("breakdown.level"),
        range(len(levels)),
        default=0,
        required=True,
        format_func=lambda place: level_label(reader, levels[place]),
        key=f"breakdown_level_{panel.name}",
        label_visibility="collapsed",
        persist_state="session",
    )
    return levels[chosen or 0].nodes


def _draw(
    reader: Reader, panel: Panel, view: PanelView, found: Breakdown, plan: Mapping[str, pd.DataFrame]
) -> None:
    shown = largest(found.parts)
    unit = unit_of_panel(panel)
    size = max(abs(part.expected) / max(part.steps, 1) for part in shown)
    words = chart_words(reader, unit, size=size, frequency=panel.frequency)
    charts = [_small(reader, panel, view, part, found, plan.get(part.node)) for part in shown]
    draw(
        small_charts(charts, words, reader.t("breakdown.plan")),
        key="breakdown_chart",
        alt=alternative(reader, panel, found, shown),
    )
    rest = len(found.parts) - len(shown)
    if rest:
        st.caption(reader.t("breakdown.rest", count=reader.number(rest)))


def _small(
    reader: Reader,
    panel: Panel,
    view: PanelView,
    part: Part,
    found: Breakdown,
    plan: pd.DataFrame | None,
) -> Small:
    steps = FAR_STEPS[panel.frequency]
    begin = max(panel.begin_of(part.node), len(panel.steps) - DRAWN_BEFORE * steps)
    actuals = pd.DataFrame({"ds": panel.steps[begin:], "y": panel.values_of(part.node)[begin:]})
    future = future_frame(view.futures[part.node])
    future = future[future["ds"] > panel.origin].head(steps)
    if plan is not None:
        days = pd.concat([actuals["ds"], future["ds"]])
        plan = plan[plan["ds"].isin(days)]
    told = takeaway(reader, part, found.basis, unit_of_panel(panel))
    return Small(node_label(reader, part.node), told, actuals, future, plan)


def _table(reader: Reader, panel: Panel, found: Breakdown, opens: Callable[[str], None]) -> None:
    """Everybody, sortable; a row's button opens its node."""
    unit = unit_of_panel(panel)
    size = max(abs(part.expected) for part in found.parts)
    digits = digits_for(size)
    key = f"breakdown_open_{panel.name}"

    def opened() -> None:
        clicked = st.session_state.get(key)
        if clicked is not None and 0 <= clicked.row < len(found.parts):
            opens(found.parts[clicked.row].node)

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, digits)

    frame = pd.DataFrame(
        {
            "node": [node_label(reader, part.node) for part in found.parts],
            "expected": [rounded(part.expected) for part in found.parts],
            "against": [rounded(part.against) for part in found.parts],
            "difference": [rounded(part.difference) for part in found.parts],
            "share": [None if part.share is None else round(part.share, 2) for part in found.parts],
        }
    )
    money = reader.t("breakdown.in_unit", unit=unit) if unit else ""
    headers = {
        "expected": reader.t(f"breakdown.column.expected.{panel.frequency}", steps=_steps(found)),
        "against": reader.t(f"breakdown.column.{found.basis}"),
        "difference": reader.t("breakdown.column.difference"),
    }
    st.dataframe(
        frame,
        hide_index=True,
        height=TABLE_HEIGHT if len(frame) > ROWS_SHOWN else "content",
        key=f"breakdown_table_{panel.name}",
        alt=summary(reader, panel, found),
        column_config={
            "node": st.column_config.ButtonColumn(
                reader.t("breakdown.column.node"),
                type="tertiary",
                alignment="left",
                pinned=True,
                width="medium",
                help=reader.t("breakdown.column.node_help"),
                on_click=opened,
                key=key,
            ),
            **{
                name: st.column_config.NumberColumn(label + money, format="localized")
                for name, label in headers.items()
            },
            "share": st.column_config.NumberColumn(
                reader.t("breakdown.column.share"),
                format="percent",
                help=reader.t("breakdown.column.share_help"),
            ),
        },
    )


def _steps(found: Breakdown) -> int:
    return max(part.steps for part in found.parts)
