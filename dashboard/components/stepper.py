"""The phases of a deployment or a training with their elapsed time, and where it stands now."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from backend.phases import (
    BRIEF_PHASES,
    PHASES,
    REHEARSAL_PHASES,
    REPLACEMENT_PHASES,
    TRAINING_PHASES,
    timeline,
)
from backend.usual_times import is_reused, read_done, usual_times
from dashboard.session import application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.jobs import Job
    from backend.phases import AnyPhase, PhaseStatus, PhaseStep
    from backend.usual_times import UsualTime
    from dashboard.i18n import Reader

WIDTH = 720  # pixels; times far from their names are hard to read
ICONS: dict[PhaseStatus, str] = {
    "done": ":green[:material/check_circle:]",
    "running": ":blue[:material/progress_activity:]",
    "failed": ":red[:material/cancel:]",
    "waiting": ":gray[:material/radio_button_unchecked:]",
}


def show_phases(reader: Reader, job: Job) -> None:
    """The phases of a job, each with state, time and this workspace's usual time; the running one with what
    it does, and with what is probably going on once it takes longer than nine in ten did."""
    stopped = job.state in ("failed", "interrupted", "cancelled")
    phases = {
        "train": TRAINING_PHASES,
        "brief": BRIEF_PHASES,
        "rehearse": REHEARSAL_PHASES,
        "replace": REPLACEMENT_PHASES,
    }.get(job.kind, PHASES)
    steps = timeline(job.events, datetime.now(UTC), job.ended, stopped, phases)
    usual = _usual(job)
    with st.container(border=True, gap="xsmall", width=WIDTH):
        for step in steps:
            _show_phase(reader, step, usual.get(step.phase))
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


def _usual(job: Job) -> Mapping[AnyPhase, UsualTime]:
    if job.kind != "deploy":
        return {}
    return usual_times(read_done(application().history), reused=is_reused(job.lines))


def _show_phase(reader: Reader, step: PhaseStep, usual: UsualTime | None) -> None:
    name = reader.t(f"phase.{step.phase}")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        title = f"**{name}**" if step.status in ("running", "failed") else name
        if step.status == "waiting":
            title = f":gray[{name}]"
        st.markdown(f"{ICONS[step.status]}&ensp;{title}", width="content")
        beside = _beside(reader, step, usual)
        if beside:
            st.caption(beside, width="content")
    if step.status == "running":
        st.caption(reader.t(f"phase.help.{step.phase}"))
    if usual and step.status in ("running", "failed"):
        st.caption(
            reader.t(
                "stepper.usual",
                median=reader.duration(usual.median),
                ninetieth=reader.duration(usual.ninetieth),
                count=reader.number(usual.count),
            )
        )
        if step.status == "running" and (step.seconds or 0.0) > usual.ninetieth:
            st.warning(reader.t(f"stepper.late.{step.phase}"), icon=":material/schedule:")


def _beside(reader: Reader, step: PhaseStep, usual: UsualTime | None) -> str:
    taken = "" if step.seconds is None else reader.duration(step.seconds)
    if usual is None:
        return taken
    median = reader.duration(usual.median)
    if not taken:
        return reader.t("stepper.expected", median=median)
    return reader.t("stepper.taken", taken=taken, median=median)
