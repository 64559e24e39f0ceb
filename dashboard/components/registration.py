"""Registering a model by upload: what would be registered is shown before the button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend import models, run_outputs
from backend.errors import InvalidInput, YosokuError
from dashboard import reads
from dashboard.components.feedback import plain, show_error
from dashboard.components.registry_view import metric_text
from dashboard.session import application, workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.models import RegisteredModel
    from backend.run_outputs import RunOutputs
    from dashboard.i18n import Reader

STAGED = "registration_staged"
UPLOAD_MB = 1000
FILES_SHOWN = 12


def register_by_upload(reader: Reader, known: Sequence[RegisteredModel]) -> None:
    """Upload, preview, confirm."""
    st.markdown(reader.t("register.explain"))
    # A key that changes empties the uploader after a registration; it has no other way.
    turn = st.session_state.setdefault("registration_turn", 0)
    uploaded = st.file_uploader(
        reader.t("register.upload"), type="zip", key=f"register_upload_{turn}", max_upload_size=UPLOAD_MB
    )
    if uploaded is None:
        st.session_state.pop(STAGED, None)
        return
    staged = st.session_state.get(STAGED)
    if staged is None or staged[0] != uploaded.file_id:
        try:
            with st.spinner(reader.t("register.reading")):
                outputs = run_outputs.unpack_run_outputs(uploaded, application().settings.uploads)
        except YosokuError as error:
            _refuse(reader, uploaded.name, error)
            return
        staged = (uploaded.file_id, outputs)
        st.session_state[STAGED] = staged
    _confirm(reader, staged[1], known)


def _refuse(reader: Reader, name: str, error: YosokuError) -> None:
    title = reader.t("register.refused", name=plain(name))
    if isinstance(error, InvalidInput):
        title = reader.t("register.refused_field", name=plain(name), field=plain(error.field))
    show_error(reader, error, title=title)


def _confirm(reader: Reader, outputs: RunOutputs, known: Sequence[RegisteredModel]) -> None:
    versions = [model.version for model in known if model.name == outputs.model_name]
    with st.container(border=True):
        st.markdown(
            reader.t("register.preview", name=plain(outputs.model_name), version=max(versions, default=0) + 1)
        )
        with st.container(horizontal=True):
            for name, value in outputs.metrics.items():
                st.metric(name, metric_text(reader, name, value), width="content")
        st.caption(reader.t("register.run_id", run=plain(outputs.run_id) or reader.t("kpi.unknown")))
        if outputs.report is not None:
            st.caption(reader.t("register.report"))
        files = outputs.files[:FILES_SHOWN]
        listing = "\n".join(f"- `{file.path}` ({reader.size(file.size)})" for file in files)
        more = len(outputs.files) - len(files)
        st.markdown(listing + (f"\n- {reader.t('register.more', count=more)}" if more else ""))
        description = st.text_input(
            reader.t("register.description"), key="register_description", max_chars=500
        )
        if st.button(
            reader.t("register.button"),
            type="primary",
            icon=":material/app_registration:",
            key="register_button",
        ):
            _register(reader, outputs, description or "")


def _register(reader: Reader, outputs: RunOutputs, description: str) -> None:
    try:
        with reads.changing(), st.spinner(reader.t("register.registering")):
            model = models.register(workspace(), outputs, description=description)
    except YosokuError as error:
        show_error(reader, error, title=reader.t("register.failed"))
        return
    st.session_state.pop(STAGED, None)
    st.session_state["registration_turn"] += 1
    st.session_state["registered"] = model.id
    st.rerun()
