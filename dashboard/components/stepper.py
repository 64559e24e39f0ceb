"""The phases of a deployment or a training with their elapsed time, and where it stands now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from backend.phases import BRIEF_PHASES, PHASES, TRAINING_PHASES, timeline

if TYPE_CHECKING:
    from backend.jobs import Job
    from backend.phases import PhaseStatus, PhaseStep
    from dashboard.i18n import Reader

WIDTH = 720  # pixels; times far from their names are hard to read
ICONS: dict[PhaseStatus, str] = {
    "done": ":green[:material/check_circle:]",
    "running": ":blue[:material/progress_activity:]",
    "failed": ":red[:material/cancel:]",
    "waiting": ":gray[:material/radio_button_unchecked:]",
}


def show_phases(reader: Reader, job: Job) -> None:
    """The phases of a job, each with state and time; the running one with what it does."""
    stopped = job.state in ("failed", "interrupted", "cancelled")
    phases = {"train": TRAINING_PHASES, "brief": BRIEF_PHASES}.get(job.kind, PHASES)
    steps = timeline(job.events, datetime.now(UTC), job.ended, stopped, phases)
    with st.container(border=True, gap="xsmall", width=WIDTH):
        for step in steps:
            _show_phase(reader, step)
    if job.lines:
        own = [line for line in job.lines if reader.has(line)]
        if job.state == "running" and own and own[-1] == job.lines[-1]:
            st.caption(reader.t(own[-1]))
        with st.expander(reader.t("stepper.lines"), icon=":material/notes:", key=f"lines_{job.id}"):
            st.code(
                "\n".join(reader.t(line) if reader.has(line) else line for line in job.lines), language=None
            )


def elapsed(job: Job) -> float:
    """Seconds since the job began, or that it took."""
    return ((job.ended or datetime.now(UTC)) - job.started).total_seconds()


def _show_phase(reader: Reader, step: PhaseStep) -> None:
    name = reader.t(f"phase.{step.phase}")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        title = f"**{name}**" if step.status in ("running", "failed") else name
        if step.status == "waiting":
            title = f":gray[{name}]"
        st.markdown(f"{ICONS[step.status]}&ensp;{title}", width="content")
        if step.seconds is not None:
            st.caption(reader.duration(step.seconds), width="content")
    if step.status == "running":
        st.caption(reader.t(f"phase.help.{step.phase}"))
