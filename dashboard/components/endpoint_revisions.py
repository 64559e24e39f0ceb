"""What an endpoint's stable address led to, revision by revision, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend import revisions
from backend.errors import NotFound, YosokuError
from backend.rollback import start_rollback
from dashboard.components.feedback import plain, show_error
from dashboard.components.stable_address import routes_text, start_change
from dashboard.session import application

if TYPE_CHECKING:
    from backend.addresses import Revision, Route
    from backend.services import Endpoint
    from dashboard.i18n import Reader

SHOWN = 10


def show_revisions(reader: Reader, endpoint: Endpoint) -> None:
    """The newest revisions of every address that leads to an endpoint, each with a way back to it."""
    try:
        found = revisions.addresses_of(application().history, endpoint.name)
        for current in found:
            st.markdown(f"**{plain(reader.t('revisions.title', name=current.address))}**")
            for revision in revisions.revisions_of(application().history, current.address, limit=SHOWN):
                _show_revision(reader, revision, is_current=revision.number == current.number)
    except YosokuError as error:
        show_error(reader, error)
        return
    if not found:
        st.caption(reader.t("revisions.none"))


def _show_revision(reader: Reader, revision: Revision, *, is_current: bool) -> None:
    with st.container(border=True, gap="xsmall"):
        title = reader.t("revisions.number", number=revision.number)
        change = reader.t(f"revisions.change.{revision.change}")
        mark = f" :green-badge[{reader.t('revisions.current')}]" if is_current else ""
        st.markdown(f"**{plain(title)}** {plain(change)}{mark}")
        who = reader.t("revisions.by", who=revision.who) if revision.who else reader.t("revisions.by_nobody")
        st.caption(plain(f"{reader.moment(revision.moment)} · {who}"))
        st.caption(plain(routes_text(reader, revision)))
        for route in revision.routes:
            st.caption(plain(_asked_for(reader, route)))
        if not is_current:
            _offer_rollback(reader, revision)


def _asked_for(reader: Reader, route: Route) -> str:
    """Model, script, environment and size, as they were asked for."""
    if route.deployment is None:
        return reader.t("revisions.not_kept")
    try:
        kept = revisions.kept_deployment(application().history, route.deployment)
    except NotFound:
        return reader.t("revisions.not_kept")
    return " · ".join(
        [
            reader.t("deploy.model_version", name=kept.model_name, version=kept.model_version),
            kept.script.entry,
            kept.environment.name,
            reader.t("deploy.size_sentence", cores=f"{kept.cpu_cores:g}", memory=f"{kept.memory_gb:g}"),
        ]
    )


def _offer_rollback(reader: Reader, revision: Revision) -> None:
    key = f"{revision.address}_{revision.number}"
    asked = st.button(
        reader.t("revisions.go_back"),
        icon=":material/undo:",
        key=f"rollback_{key}",
        help=reader.t("revisions.go_back_help"),
    )
    if asked:
        start_change(reader, lambda: start_rollback(application(), revision.address, revision.number))
