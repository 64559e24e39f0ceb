"""A deployment as it runs and as it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard import reads
from dashboard.components.deploy_failure import show_failure
from dashboard.components.feedback import plain
from dashboard.components.figures import draw_answer
from dashboard.components.stepper import elapsed, show_phases
from dashboard.session import application, reader

if TYPE_CHECKING:
    from backend.jobs import Job
    from dashboard.i18n import Reader

FOLLOWED = "deploy_job"
ASKED = "deploy_cancel_asked"  # the job whose end was asked for and not confirmed yet


def followed_job() -> Job | None:
    """The deployment that this page shows: the one begun here, or one that runs and was not left."""
    jobs = application().jobs
    chosen = st.session_state.get(FOLLOWED)
    if chosen:
        return jobs.get(chosen)
    left = st.session_state.get("deploy_left", ())
    found = next((job for job in jobs.running() if job.kind == "deploy" and job.id not in left), None)
    if found:
        st.session_state[FOLLOWED] = found.id  # so that its end is seen here too
    return found


def show_job(job: Job) -> None:
    """The page while a deployment runs and after it."""
    words = reader()
    if job.state == "running":
        _follow(job.id)
    elif job.state == "succeeded":
        _succeeded(words, job)
    elif job.state == "cancelled":
        _cancelled(words, job)
    else:
        show_failure(words, job, back=leave)


@st.fragment(run_every="1s")
def _follow(job_id: str) -> None:
    words = reader()
    job = application().jobs.get(job_id)
    if job is None or job.state != "running":
        reads.forget()
        st.rerun()
    st.title(words.t("deploy.running", name=plain(job.subject)), anchor=False)
    st.caption(words.t("deploy.running_note", elapsed=words.duration(elapsed(job))))
    show_phases(words, job)
    if application().jobs.is_cancelled(job):
        st.info(words.t("stepper.deleting"), icon=":material/hourglass_top:")
        return
    with st.container(horizontal=True):
        st.button(
            words.t("deploy.leave"),
            key="deploy_leave",
            icon=":material/arrow_back:",
            help=words.t("deploy.leave_help"),
            on_click=leave,
            args=(job_id,),
        )
        st.button(
            words.t("deploy_cancel.button"),
            key="deploy_cancel",
            icon=":material/delete:",
            on_click=_ask_to_cancel,
            args=(job_id,),
        )
    if st.session_state.get(ASKED) == job_id:
        _confirm_cancelling(words, job)


def _ask_to_cancel(job_id: str) -> None:
    st.session_state[ASKED] = job_id


def _confirm_cancelling(words: Reader, job: Job) -> None:
    st.warning(words.t("deploy_cancel.explain", name=plain(job.subject)), icon=":material/warning:")
    with st.container(horizontal=True):
        st.button(
            words.t("deploy_cancel.confirm"),
            key="deploy_cancel_confirm",
            type="primary",
            on_click=application().jobs.cancel,
            args=(job,),
        )
        st.button(
            words.t("deploy_cancel.keep"),
            key="deploy_cancel_keep",
            on_click=st.session_state.pop,
            args=(ASKED, None),
        )


def _cancelled(words: Reader, job: Job) -> None:
    st.title(words.t("deploy_cancel.done", name=plain(job.subject)), anchor=False)
    begun = "operation" in job.result  # before that the workspace had nothing to delete
    st.markdown(words.t("deploy_cancel.next" if begun else "deploy_cancel.next_nothing_made"))
    st.button(
        words.t("deploy.back"),
        key="deploy_back",
        type="primary",
        icon=":material/arrow_back:",
        on_click=leave,
        args=(job.id,),
    )
    show_phases(words, job)


def leave(job_id: str) -> None:
    """Back to the form; a running deployment goes on."""
    st.session_state.pop(FOLLOWED, None)
    st.session_state["deploy_left"] = (*st.session_state.get("deploy_left", ()), job_id)


def _succeeded(words: Reader, job: Job) -> None:
    st.title(
        words.t("deploy.succeeded", name=plain(job.subject), elapsed=words.duration(elapsed(job))),
        anchor=False,
    )
    st.markdown(words.t("deploy.uri"))
    st.code(str(job.result.get("scoring_uri", "")), language=None, wrap_lines=True)
    if "answer" in job.result:
        latency = float(job.result.get("latency_ms", 0.0))
        st.markdown(words.t("deploy.first_answer", latency=words.duration(latency / 1000)))
        if not draw_answer(words, job.result["answer"], key="deploy_answer_chart", height=260):
            st.json(job.result["answer"], expanded=False)
    elif "answer_problem" in job.result:
        st.warning(
            words.t("deploy.answer_problem", reason=plain(str(job.result["answer_problem"]))),
            icon=":material/warning:",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "dashboard/pages/forecast.py",
            label=words.t("deploy.to_forecast"),
            icon=":material/trending_up:",
        )
        st.page_link("dashboard/pages/try_it.py", label=words.t("deploy.to_try"), icon=":material/terminal:")
        st.page_link(
            "dashboard/pages/endpoints.py", label=words.t("deploy.to_endpoints"), icon=":material/hub:"
        )
        st.button(
            words.t("deploy.another"),
            key="deploy_another",
            icon=":material/add:",
            on_click=leave,
            args=(job.id,),
        )
    with st.expander(words.t("deploy.where_time_went"), icon=":material/timer:", key="deploy_times"):
        show_phases(words, job)
