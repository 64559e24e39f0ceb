"""An endpoint's stable address, and its replacement by one of another size behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from backend import deployments, revisions
from backend.errors import YosokuError
from backend.gateway import process as gateway
from backend.gateway.keys import KeyFile
from backend.replacement import start_replacement
from dashboard import reads
from dashboard.components.feedback import plain, show_error, show_evidence, show_job_error
from dashboard.components.stepper import show_phases
from dashboard.session import application

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.addresses import Revision
    from backend.jobs import Job
    from backend.services import Endpoint
    from dashboard.i18n import Reader

MASK = "\N{BULLET}" * 32


def show_stable_address(reader: Reader, endpoint: Endpoint) -> None:
    """The addresses that lead to an endpoint, or the offer to make one; then its size."""
    history = application().history
    try:
        found = revisions.addresses_of(history, endpoint.name)
    except YosokuError as error:
        show_error(reader, error)
        return
    st.markdown(reader.t("address.explain"))
    if not found:
        _offer_address(reader, endpoint)
        return
    for revision in found:
        with st.container(border=True):
            _show_address(reader, revision)
            if revision.main.endpoint == endpoint.name:
                _show_change(reader, revision.address)
                _resize(reader, endpoint, revision.address)


def start_change(reader: Reader, begin: Callable[[], Job]) -> None:
    """Begin a change of an address; a refusal is said where it was asked for."""
    try:
        with st.spinner(reader.t("address.starting")):
            gateway.ensure_running(application().settings)
            begin()
    except YosokuError as error:
        show_error(reader, error)
        return
    st.rerun()


def routes_text(reader: Reader, revision: Revision) -> str:
    """The endpoints of a revision with their shares."""
    return reader.join(
        [
            reader.t("address.route", endpoint=route.endpoint, share=route.share)
            for route in revision.routes
            if route.share
        ]
    )


def _offer_address(reader: Reader, endpoint: Endpoint) -> None:
    with st.form(f"address_form_{endpoint.name}"):
        name = st.text_input(
            reader.t("address.name"),
            value=endpoint.name,
            max_chars=32,
            key=f"address_name_{endpoint.name}",
        )
        sent = st.form_submit_button(
            reader.t("address.create"), icon=":material/add_link:", key=f"address_create_{endpoint.name}"
        )
    if not sent:
        return
    try:
        with st.spinner(reader.t("address.starting")):
            gateway.ensure_running(application().settings)
            revisions.create_address(application().history, name.strip(), endpoint.name)
    except YosokuError as error:
        show_error(reader, error)
        return
    st.rerun()


def _show_address(reader: Reader, revision: Revision) -> None:
    settings = application().settings
    running = gateway.find_running(settings)
    st.markdown(f"**{plain(revision.address)}**")
    if running is None:
        st.warning(reader.t("address.not_running"), icon=":material/link_off:")
        if st.button(
            reader.t("address.start"), icon=":material/play_arrow:", key=f"gateway_{revision.address}"
        ):
            try:
                with st.spinner(reader.t("address.starting")):
                    gateway.ensure_running(settings)
            except YosokuError as error:
                show_error(reader, error)
                return
            st.rerun()
        return
    st.code(f"{running.url}/{revision.address}/score", language=None, wrap_lines=True)
    st.caption(
        plain(
            reader.t(
                "address.leads",
                routes=routes_text(reader, revision),
                number=revision.number,
                moment=reader.moment(revision.moment),
            )
        )
    )
    if revision.mirror:
        st.caption(plain(reader.t("address.mirrored", endpoint=revision.mirror)))
    shown = st.toggle(reader.t("address.show_key"), key=f"address_key_{revision.address}")
    key = KeyFile(gateway.folder_of(settings)).keys().primary if shown else MASK
    st.code(key, language=None)


def _show_change(reader: Reader, address: str) -> None:
    """The newest replacement or rollback: while it runs, and how it ended."""
    job = application().jobs.latest("replace", address)
    if job is None:
        return
    if job.state == "running":
        _follow(job.id)
    elif job.state == "succeeded":
        st.success(
            plain(reader.t("address.changed", endpoint=str(job.result.get("endpoint", "")))),
            icon=":material/check_circle:",
        )
        _tell_old(reader, job.result)
    elif job.error is not None:
        show_job_error(reader, job.error, title=reader.t("address.change_failed"))
        show_phases(reader, job)
        show_evidence(reader, job.error.evidence)
    else:
        st.info(reader.t("address.cancelled"), icon=":material/cancel:")


def _tell_old(reader: Reader, result: Any) -> None:
    if "old_deleted" in result:
        ending = "old_deleted" if result["old_deleted"] else "old_stands"
        st.caption(plain(reader.t(f"address.{ending}", endpoint=str(result.get("old", "")))))


@st.fragment(run_every="1s")
def _follow(job_id: str) -> None:
    from dashboard.session import reader  # the fragment runs again by itself, in the language of that moment

    job = application().jobs.get(job_id)
    if job is None or job.state != "running":
        reads.forget()
        st.rerun()
    show_phases(reader(), job)
    st.caption(reader().t("address.old_serves"))


def _resize(reader: Reader, endpoint: Endpoint, address: str) -> None:
    running = application().jobs.latest("replace", address)
    if running is not None and running.state == "running":
        return
    with (
        st.expander(reader.t("address.resize"), icon=":material/memory:", key=f"resize_panel_{address}"),
        st.form(f"resize_{address}", border=False),
    ):
        st.markdown(reader.t("address.resize_explain"))
        left, right = st.columns(2, gap="medium")
        with left:
            cores = _amount(reader, "cpu", deployments.CPU_CORES, endpoint.cpu_cores, address)
        with right:
            memory = _amount(reader, "memory", deployments.MEMORY_GB, endpoint.memory_gb, address)
        sent = st.form_submit_button(
            reader.t("address.resize_start"),
            type="primary",
            icon=":material/swap_horiz:",
            key=f"resize_start_{address}",
        )
    if sent:
        start_change(
            reader,
            lambda: start_replacement(application(), address, cpu_cores=cores, memory_gb=memory),
        )


def _amount(reader: Reader, name: str, bound: deployments.Bound, now: float | None, address: str) -> float:
    return st.number_input(
        reader.t(f"deploy.{name}"),
        min_value=bound.low,
        max_value=bound.high,
        value=now if now is not None and bound.low <= now <= bound.high else 1.0,
        step=0.1,
        format="%.1f",
        key=f"resize_{name}_{address}",
    )
