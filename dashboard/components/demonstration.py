"""What to do when nothing is deployed yet, and the button that prepares the demonstration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend.demonstration import prepare_demonstration
from backend.errors import YosokuError
from dashboard import reads
from dashboard.components.feedback import show_error, show_evidence, show_job_error
from dashboard.components.stepper import elapsed, show_phases
from dashboard.session import application, reader

if TYPE_CHECKING:
    from backend.jobs import Job


def is_preparing() -> bool:
    """Whether the demonstration is being prepared now."""
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
                _begin()
            st.page_link(
                "dashboard/pages/models.py",
                label=words.t("demonstration.own_model"),
                icon=":material/upload_file:",
            )
    if job and job.state in ("failed", "interrupted") and job.error:
        show_job_error(words, job.error, title=words.t("demonstration.failed"))
        show_evidence(words, job.error.evidence)


def _begin() -> None:
    try:
        prepare_demonstration(application())
    except YosokuError as error:
        show_error(reader(), error)
    else:
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
