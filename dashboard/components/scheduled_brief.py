"""When the next brief comes by itself, and what became of the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.brief.delivery import TASK
from dashboard.components.feedback import plain
from dashboard.session import application

if TYPE_CHECKING:
    from backend.jobs import Job
    from dashboard.i18n import Reader


def show_scheduled_brief(reader: Reader) -> None:
    """A line about the scheduled brief; nothing where none is scheduled."""
    opened = application()
    turn = opened.schedule.next_turn_of(TASK) if opened.schedule else None
    if turn is None:
        return
    job = opened.jobs.latest(TASK)
    upcoming = reader.moment(turn)
    if job is None:
        st.caption(reader.t("brief_job.next", moment=upcoming))
    elif job.state == "running":
        st.caption(reader.t("brief_job.running"))
    elif job.state == "succeeded":
        st.caption(reader.t("brief_job.made", moment=reader.moment(job.ended or job.started), next=upcoming))
    else:
        st.warning(plain(failure(reader, job, upcoming)), icon=":material/mail_off:")


def failure(reader: Reader, job: Job, upcoming: str) -> str:
    """Why a brief did not arrive, in a sentence."""
    moment = reader.moment(job.started)
    if job.error is None or job.state == "interrupted":
        return reader.t("brief_job.interrupted", moment=moment, next=upcoming)
    reason = reader.problem(job.error.code, job.error.details, job.error.message)
    return reader.t("brief_job.failed", moment=moment, reason=reason)
