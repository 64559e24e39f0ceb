"""What to do when nothing is deployed yet, and the buttons that prepare a demonstration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend.demonstration import DAILY, SALES, prepare_demonstration
from backend.errors import YosokuError
from backend.panel_forecasts import is_made_for
from dashboard import reads
from dashboard.components.feedback import show_error, show_evidence, show_job_error
from dashboard.components.stepper import elapsed, show_phases
from dashboard.session import application, reader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.demonstration import Demonstration
    from backend.jobs import Job
    from backend.services import Endpoint
    from dashboard.i18n import Reader

# The actuals that the Forecast page shows next; a widget's state can only be set before it is drawn.
NEXT_ACTUALS = "actuals_next"


def is_preparing() -> bool:
    """Whether a demonstration is being prepared now."""
    return any(job.kind == "demonstration" for job in application().jobs.running())


def offer_demonstration() -> None:
    """The empty state: what is missing and the ways on; a running or failed preparation if any."""
    job = application().jobs.latest("demonstration")
    if job and job.state == "running":
        _follow(job.id)
        return
    words = reader()
    with st.container(border=True):
        st.subheader(words.t("demonstration.title"), anchor=False)
        st.markdown(words.t("demonstration.text"))
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button(
                words.t("demonstration.button"),
                type="primary",
                icon=":material/play_arrow:",
                key="demonstration_prepare",
            ):
                _begin(DAILY)
            _sales_button(words)
            st.page_link(
                "dashboard/pages/models.py",
                label=words.t("demonstration.own_model"),
                icon=":material/upload_file:",
            )
    _show_failure(words, job)


def offer_sales(actuals: str, found: Sequence[Endpoint]) -> None:
    """The button that prepares the demonstration of sales by country and category, where its actuals are the
    ones that are shown and no endpoint was made for them; nothing elsewhere."""
    if actuals != SALES.actuals or any(is_made_for(endpoint, actuals) for endpoint in found):
        return
    words = reader()
    with st.container(border=True):
        st.markdown(words.t("demonstration.sales_text"))
        _sales_button(words)
    _show_failure(words, application().jobs.latest("demonstration", SALES.name))


def _sales_button(words: Reader) -> None:
    if st.button(
        words.t("demonstration.sales_button"),
        icon=":material/account_tree:",
        key="demonstration_prepare_sales",
        help=words.t("demonstration.sales_help"),
    ):
        _begin(SALES)


def _show_failure(words: Reader, job: Job | None) -> None:
    if job and job.state in ("failed", "interrupted") and job.error:
        show_job_error(words, job.error, title=words.t("demonstration.failed"))
        show_evidence(words, job.error.evidence)


def _begin(chosen: Demonstration) -> None:
    try:
        prepare_demonstration(application(), chosen)
    except YosokuError as error:
        show_error(reader(), error)
    else:
        st.session_state[NEXT_ACTUALS] = chosen.actuals
        st.rerun()


@st.fragment(run_every="1s")
def _follow(job_id: str) -> None:
    words = reader()
    job: Job | None = application().jobs.get(job_id)
    if job is None or job.state != "running":
        reads.forget()
        st.rerun()
    st.subheader(words.t("demonstration.running"), anchor=False)
    st.caption(words.t("demonstration.running_note", elapsed=words.duration(elapsed(job))))
    show_phases(words, job)
