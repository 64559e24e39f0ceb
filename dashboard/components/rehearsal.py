"""The dress rehearsal on the Deploy page: begin one, watch it, read what it measured, take its size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.errors import YosokuError
from backend.rehearsal import RehearsalRequest, latest_rehearsal, start_rehearsal
from backend.sizing import start_seconds
from dashboard.components.feedback import plain, show_error, show_evidence, show_job_error
from dashboard.components.figures import draw_answer
from dashboard.components.stepper import elapsed, show_phases
from dashboard.session import application, reader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.jobs import Job
    from dashboard.i18n import Reader

CPU, MEMORY = "deploy_cpu", "deploy_memory"


def show_rehearsal(words: Reader, request: RehearsalRequest) -> None:
    """The rehearsal of this very model, script and environment, or the button that begins one."""
    job = latest_rehearsal(application().jobs, request)
    with st.container(border=True):
        if job is not None and job.state == "running":
            _follow(job.id)
            return
        st.markdown(f"**{words.t('rehearsal.title')}** — {words.t('rehearsal.explain')}")
        if job is not None:
            _ended(words, job)
        with st.container(horizontal=True, vertical_alignment="center"):
            if job is not None and job.state == "succeeded":
                _offer_size(words, job.result["proposal"])
            st.button(
                words.t("rehearsal.again" if job else "rehearsal.button"),
                key="rehearsal_button",
                icon=":material/theater_comedy:",
                on_click=_begin,
                args=(request,),
            )


def _begin(request: RehearsalRequest) -> None:
    """Before the page is drawn again, so that it is drawn with the rehearsal running."""
    try:
        start_rehearsal(application(), request)
    except YosokuError as error:
        show_error(reader(), error, title=reader().t("rehearsal.refused"))


@st.fragment(run_every="1s")
def _follow(job_id: str) -> None:
    words = reader()
    jobs = application().jobs
    job = jobs.get(job_id)
    if job is None or job.state != "running":
        st.rerun()
    st.markdown(f"**{words.t('rehearsal.running', elapsed=words.duration(elapsed(job)))}**")
    show_phases(words, job)
    if jobs.is_cancelled(job):
        st.caption(words.t("rehearsal.cancelling"))
        return
    st.button(
        words.t("rehearsal.cancel"),
        key="rehearsal_cancel",
        icon=":material/close:",
        on_click=jobs.cancel,
        args=(job,),
    )


def _ended(words: Reader, job: Job) -> None:
    if job.state == "succeeded":
        _measured(words, job)
        return
    if job.error:
        # Only what the script or its environment did says something of a deployment.
        title = "failed" if job.error.code.startswith("rehearsal.") else "undone"
        show_job_error(words, job.error, title=words.t(f"rehearsal.{title}"))
        show_evidence(words, job.error.evidence)
    else:
        st.caption(words.t("rehearsal.cancelled"))


def _measured(words: Reader, job: Job) -> None:
    result = job.result
    build = "reused" if result["environment_reused"] else "new"
    st.markdown(
        words.t(
            "rehearsal.measured",
            moment=words.moment(job.ended or job.started),
            start=words.duration(result["start_seconds"]),
            memory=words.size(int(result["peak_memory_bytes"])),
        )
    )
    st.caption(
        words.t(f"rehearsal.environment_{build}", elapsed=words.duration(result["environment_seconds"]))
    )
    st.markdown(_table(words, result["samples"]))
    if result["contract"] == "data":
        st.caption(words.t("rehearsal.contract_data"))
    if result["restarts"]:
        st.warning(words.t("rehearsal.restarted", count=result["restarts"]), icon=":material/warning:")
    if result["answer"] is not None:
        with st.expander(words.t("rehearsal.answer"), icon=":material/show_chart:", key="rehearsal_answer"):
            if not draw_answer(words, result["answer"], key="rehearsal_chart", height=260):
                st.json(result["answer"], expanded=False)
    _propose(words, result)


def _table(words: Reader, samples: list[dict[str, Any]]) -> str:
    """A row a horizon: the usual time, the slowest, the CPU, the size of the answer; or the refusal."""
    heads = [words.t(f"rehearsal.column.{name}") for name in ("horizon", "usual", "slowest", "cpu", "size")]
    lines = [f"| {' | '.join(heads)} |", f"|{' ---: |' * len(heads)}"]
    for sample in samples:
        horizon = words.number(sample["horizon"])
        if sample["refused"]:
            refused = words.t("rehearsal.refused_horizon", reason=sample["refused"][:120])
            cells = [horizon, plain(refused).replace("|", "\\|"), "", "", ""]
        else:
            cells = [
                horizon,
                words.duration(sample["seconds"]),
                words.duration(sample["slowest_seconds"]),
                words.duration(sample["cpu_seconds"]),
                words.size(sample["answer_bytes"]),
            ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _propose(words: Reader, result: Mapping[str, Any]) -> None:
    proposal = result["proposal"]
    size = words.t(
        "deploy.size_sentence", cores=f"{proposal['cpu_cores']:g}", memory=f"{proposal['memory_gb']:g}"
    )
    start = start_seconds(result["start_seconds"], result["start_cpu_seconds"], proposal["cpu_cores"])
    margin = words.t("rehearsal.margin", start=words.duration(start))
    st.markdown(f"**{words.t('rehearsal.proposal', size=size)}** {margin}")
    st.caption(words.t(f"rehearsal.because.{proposal['because']}"))
    if not proposal["fits"]:
        st.warning(words.t("rehearsal.too_large"), icon=":material/warning:")


def _offer_size(words: Reader, proposal: Mapping[str, Any]) -> None:
    """The button that carries the size into the form; a word where it is chosen there."""
    chosen = (st.session_state.get(CPU), st.session_state.get(MEMORY))
    if chosen == (proposal["cpu_cores"], proposal["memory_gb"]):
        st.caption(words.t("rehearsal.taken"), width="content")
        return
    st.button(
        words.t("rehearsal.take"),
        key="rehearsal_take",
        icon=":material/arrow_upward:",
        on_click=_take,
        args=(proposal["cpu_cores"], proposal["memory_gb"]),
    )


def _take(cores: float, memory: float) -> None:
    st.session_state[CPU], st.session_state[MEMORY] = cores, memory
