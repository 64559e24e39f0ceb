"""Until when an endpoint is wanted, and its retirement once that is over, which is always asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import streamlit as st

from backend import services
from backend.errors import YosokuError
from backend.expiry import expired, expiry_of, set_expiry
from dashboard import reads
from dashboard.components.feedback import plain, show_error
from dashboard.session import application

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.services import Endpoint
    from dashboard.i18n import Reader

DAYS = (1, 3, 7, 30)


def expiry_line(reader: Reader, endpoint: Endpoint) -> str:
    """How long an endpoint is still wanted, or that its time is over; empty for one that is to stay."""
    moment = expiry_of(endpoint)
    if moment is None:
        return ""
    left = (moment - datetime.now(UTC)).total_seconds()
    if left <= 0:
        return reader.t("expiry.over", moment=reader.moment(moment))
    if left < 86_400:
        return reader.t("expiry.left", left=reader.duration(left), moment=reader.moment(moment))
    return reader.t("expiry.left_days", days=int(left // 86_400), moment=reader.moment(moment))


def show_expired(reader: Reader, endpoints: Sequence[Endpoint]) -> None:
    """On the wall: the endpoints whose time is over; nothing where there is none."""
    names = [endpoint.name for endpoint in expired(endpoints, datetime.now(UTC))]
    if names:
        st.warning(
            plain(reader.t("expiry.names_over", names=reader.join(names))), icon=":material/timer_off:"
        )


def show_expiry(reader: Reader, endpoint: Endpoint) -> None:
    """The countdown, the choice of another moment, and the question whether to retire it when it is over."""
    moment = expiry_of(endpoint)
    key = f"expiry_{endpoint.name}"
    with st.container(border=True):
        st.markdown(f"**{reader.t('expiry.title')}**")
        st.markdown(plain(expiry_line(reader, endpoint)) or reader.t("expiry.none"))
        if moment is not None and moment <= datetime.now(UTC):
            _ask_to_retire(reader, endpoint, key)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            days = st.segmented_control(
                reader.t("expiry.choose"),
                DAYS,
                default=7,
                required=True,
                format_func=lambda count: reader.t("expiry.days", days=count),
                key=f"{key}_days",
            )
            if st.button(reader.t("expiry.set"), key=f"{key}_set", icon=":material/timer:"):
                _change(reader, endpoint.name, datetime.now(UTC) + timedelta(days=days or 7))
            if moment is not None and st.button(
                reader.t("expiry.keep"), key=f"{key}_keep", icon=":material/all_inclusive:"
            ):
                _change(reader, endpoint.name, None)


def _ask_to_retire(reader: Reader, endpoint: Endpoint, key: str) -> None:
    with st.popover(reader.t("expiry.retire"), icon=":material/delete:", key=f"{key}_ask"):
        st.markdown(reader.t("expiry.retire_question", name=plain(endpoint.name)))
        if st.button(reader.t("expiry.retire_confirmed"), type="primary", key=f"{key}_retire"):
            try:
                with st.spinner(reader.t("expiry.retiring")), reads.changing():
                    services.delete_endpoint(application().workspace(), endpoint.name)
            except YosokuError as error:
                show_error(reader, error)
                return
            st.session_state["endpoint_deleted"] = endpoint.name
            st.query_params.pop("endpoint", None)
            st.rerun()


def _change(reader: Reader, name: str, moment: datetime | None) -> None:
    try:
        with st.spinner(reader.t("expiry.changing")), reads.changing():
            set_expiry(application().workspace(), name, moment)
    except YosokuError as error:
        show_error(reader, error)
        return
    st.rerun()
