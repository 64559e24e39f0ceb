"""Which actuals are shown: the bundled file, or a CSV that somebody brings, with its problems by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend import actuals as actuals_source
from backend.errors import YosokuError
from dashboard import forecast_reads
from dashboard.components.feedback import plain, show_error
from dashboard.moments import when
from dashboard.session import application

if TYPE_CHECKING:
    from backend.actuals import Actuals, ActualsSource
    from backend.panel import Panel
    from dashboard.i18n import Reader

SOURCE, PANEL = "actuals_source", "actuals_panel"
COLUMNS = ("actuals_date_column", "actuals_value_column")
UPLOAD_MB = 50
PROBLEMS_SHOWN = 50


def chosen_source() -> ActualsSource:
    """The source that the session chose, the configured one at first."""
    sources = actuals_source.list_actuals(application().settings)
    name = st.session_state.get(SOURCE)
    return next((source for source in sources if source.name == name), sources[0])


def read_chosen(source: ActualsSource) -> Actuals | Panel:
    """The chosen series, or the table of many, with the chosen columns; raises InvalidActuals."""
    dates, values = (st.session_state.get(f"{key}_{source.name}") for key in COLUMNS)
    return forecast_reads.read_actuals(source, dates, values)


def choose_actuals(
    reader: Reader, source: ActualsSource, chosen: Actuals | Panel | None, series: Actuals | None
) -> None:
    """Source, columns, upload and what was found in the file; `series` is the part of it that is shown.

    Open from the beginning where there is nothing to show.
    """
    panel = st.expander(
        reader.t("actuals.title", name=source.name),
        expanded=chosen is None,
        icon=":material/database:",
        key=PANEL,
        on_change="rerun",
    )
    if not panel.open:
        return
    with panel:
        left, right = st.columns(2, gap="medium")
        with left:
            _choose_source(reader, source)
            if chosen is not None:
                _choose_columns(reader, source, chosen)
        with right:
            _upload(reader)
        if series is not None:
            _show_findings(reader, series)


def _choose_source(reader: Reader, source: ActualsSource) -> None:
    names = [known.name for known in actuals_source.list_actuals(application().settings)]
    if st.session_state.get(SOURCE) not in names:
        st.session_state[SOURCE] = source.name
    st.selectbox(reader.t("actuals.source"), names, key=SOURCE, on_change=_stay_open, persist_state="session")


def _stay_open() -> None:
    """Keep the panel open under its next title, which makes it another one to Streamlit."""
    st.session_state[PANEL] = True


def _choose_columns(reader: Reader, source: ActualsSource, series: Actuals | Panel) -> None:
    left, right = st.columns(2)
    for place, key, used in zip(
        (left, right), COLUMNS, (series.date_column, series.value_column), strict=True
    ):
        place.selectbox(
            reader.t(key.replace("actuals_", "actuals.")),
            series.columns,
            index=series.columns.index(used),
            key=f"{key}_{source.name}",
            persist_state="session",
        )


def _upload(reader: Reader) -> None:
    uploaded = st.file_uploader(
        reader.t("actuals.upload"),
        type="csv",
        key="actuals_upload",
        help=reader.t("actuals.upload_help"),
        max_upload_size=UPLOAD_MB,
    )
    if uploaded is None:
        return
    if st.session_state.get("actuals_uploaded") == uploaded.file_id:
        return
    try:
        source = actuals_source.save_actuals(application().settings, uploaded.name, uploaded.getvalue())
    except YosokuError as error:
        show_error(reader, error, title=reader.t("actuals.refused", name=plain(uploaded.name)))
        return
    st.session_state["actuals_uploaded"] = uploaded.file_id
    st.session_state["actuals_next"] = source.name
    st.rerun()


def take_upload() -> None:
    """Choose the series that was just uploaded, and show what was found in it.

    A widget's state can only be set before it is drawn.
    """
    name = st.session_state.pop("actuals_next", None)
    if name:
        st.session_state[SOURCE] = name
        st.session_state[PANEL] = True


def _show_findings(reader: Reader, series: Actuals) -> None:
    st.caption(
        reader.t(
            "actuals.found",
            count=reader.number(len(series.frame)),
            frequency=reader.t(f"frequency.{series.frequency}"),
            first=when(reader, series.frame["ds"].iloc[0], series.frequency),
            last=when(reader, series.origin, series.frequency),
        )
    )
    if not series.problems:
        st.caption(reader.t("actuals.clean"))
        return
    st.markdown(f"**{reader.t('actuals.problems', count=len(series.problems))}**")
    rows = [
        {
            reader.t("actuals.row"): str(problem.row) if problem.row else reader.t("kpi.unknown"),
            reader.t("actuals.day"): when(reader, problem.moment, series.frequency)
            if problem.moment
            else problem.value,
            reader.t("actuals.problem"): reader.t(f"problem.{problem.code}", value=problem.value),
        }
        for problem in series.problems[:PROBLEMS_SHOWN]
    ]
    st.table(pd.DataFrame(rows), hide_index=True, border="horizontal", height=240)
