"""A failure as a person reads it: its cause, the lines that show it, one next step with its button."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.diagnosis import Diagnosis, Failure, without_secrets
from dashboard.components.endpoint_cards import OPENED
from dashboard.components.feedback import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backend.diagnosis import Action
    from dashboard.i18n import Reader

ENDPOINTS_PAGE = "dashboard/pages/endpoints.py"
TABS = "endpoint_tabs"


@dataclass(frozen=True)
class Step:
    """What the button of a next step does: it changes the session's state, and may lead to another page."""

    prepare: Callable[[], None]
    page: str = ""
    query: Mapping[str, str] = field(default_factory=dict)


def show_diagnosis(
    reader: Reader,
    failure: Failure,
    diagnosis: Diagnosis,
    *,
    title: str,
    sentence: str,
    key: str,
    steps: Mapping[Action, Step],
) -> None:
    """The cause, its evidence, what to do next, and the whole failure as it came, one click away.

    `sentence` is the failure's own, shown where no rule knows better; `steps` are the actions that this page
    can do.
    """
    st.error(plain(cause_sentence(reader, diagnosis, sentence)), title=title, icon=":material/error:")
    if diagnosis.lines:
        st.caption(reader.t("diagnosis_page.evidence"))
        st.code("\n".join(diagnosis.lines), language=None, wrap_lines=True)
    st.markdown(f"**{reader.t('feedback.next')}** {plain(reader.t(f'diagnosis_next.{diagnosis.cause}'))}")
    step = steps.get(diagnosis.action)
    if step is not None and st.button(
        reader.t(f"diagnosis_action.{diagnosis.action}"),
        key=f"{key}_{diagnosis.action}",
        type="primary",
        icon=":material/arrow_forward:",
        on_click=step.prepare,
    ):
        if step.page:
            st.switch_page(step.page, query_params=dict(step.query))
        st.rerun()  # the whole page: this may be a part that refreshes by itself
    with st.expander(reader.t("diagnosis_page.raw"), icon=":material/data_object:", key=f"{key}_raw"):
        st.json(raw(failure, diagnosis))


def to_endpoint(name: str, tab: str = "") -> Step:
    """The step to an endpoint's page, at one of its tabs by its label."""
    return Step(partial(open_tab, tab), ENDPOINTS_PAGE, {OPENED: name})


def open_tab(tab: str) -> None:
    """Choose the tab that the endpoint's page opens; without one it keeps its own."""
    if tab:
        st.session_state[TABS] = tab


def cause_sentence(reader: Reader, diagnosis: Diagnosis, sentence: str) -> str:
    """The cause in the reader's language; what no rule knows is said to be unknown, beside its own words."""
    told = reader.t(f"diagnosis.{diagnosis.cause}", **diagnosis.details)
    return told if diagnosis.is_known or not sentence.strip() else f"{told} {sentence}"


def raw(failure: Failure, diagnosis: Diagnosis) -> dict[str, Any]:
    """Everything that is known of the failure, for whoever is asked for help; without secrets."""
    return {
        "code": failure.code,
        "status": failure.status,
        "cause": diagnosis.cause,
        "message": without_secrets(failure.message),
        "evidence": without_secrets(failure.evidence).splitlines(),
    }
