"""Try it: a request on the left, the answer on the right, the same call in other languages below."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend import snippets
from backend.endpoint import open_endpoint
from backend.errors import YosokuError
from backend.forecasts import HORIZON_BOUNDS, default_endpoint
from backend.panel import Panel
from dashboard import reads
from dashboard.components.actuals_choice import chosen_source, read_chosen
from dashboard.components.demonstration import offer_demonstration
from dashboard.components.endpoint_failure import show_request_failure
from dashboard.components.feedback import show_error
from dashboard.components.figures import draw_answer
from dashboard.components.state import state_badge
from dashboard.session import application, reader, workspace

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from backend.services import Endpoint

LEVELS = (50, 80, 90, 95)
HISTORY_ROWS = 120
CODE_HEIGHT = 320
LONG_CODE = 1500  # characters
ANSWER = "try_answer"

words = reader()


def choose_endpoint(found: list[Endpoint]) -> Endpoint:
    """Which endpoint is asked."""
    by_name = {endpoint.name: endpoint for endpoint in found}
    preferred = default_endpoint(found, application().history) or found[0]
    if st.session_state.get("try_endpoint") not in by_name:
        st.session_state["try_endpoint"] = preferred.name
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            words.t("try_it.endpoint"), list(by_name), key="try_endpoint", persist_state="session", width=320
        )
        state_badge(words, by_name[name].state)
    return by_name[name]


def form_payload() -> dict[str, Any]:
    """The request from the form's fields."""
    low, high = HORIZON_BOUNDS
    horizon = st.number_input(
        words.t("try_it.horizon"),
        min_value=low,
        max_value=high,
        value=28,
        step=1,
        key="try_horizon",
        help=words.t("try_it.horizon_help", low=low, high=high),
        persist_state="session",
    )
    levels = st.pills(
        words.t("try_it.levels"),
        LEVELS,
        selection_mode="multi",
        default=[80, 95],
        format_func=lambda level: words.percent(level / 100),
        key="try_levels",
        help=words.t("try_it.levels_help"),
        persist_state="session",
    )
    with_history = st.toggle(
        words.t("try_it.history"),
        key="try_history",
        help=words.t("try_it.history_help", rows=HISTORY_ROWS),
        persist_state="session",
    )
    payload: dict[str, Any] = {"horizon": int(horizon or low), "levels": sorted(levels)}
    if with_history:
        source = chosen_source()
        try:
            payload |= history_of(read_chosen(source))
        except YosokuError as error:
            show_error(words, error, title=words.t("actuals.refused", name=source.name))
    return payload


def history_of(chosen: Actuals | Panel) -> dict[str, Any]:
    """The newest rows of a series, or of every part of a table with all of its series asked for."""
    if not isinstance(chosen, Panel):
        return {"history": chosen.history()[-HISTORY_ROWS:]}
    rows = chosen.history(chosen.parts, max(0, len(chosen.steps) - HISTORY_ROWS))
    return {"series": "all", "history": rows}


def raw_payload() -> str:
    """The request as it is typed."""
    return (
        st.text_area(
            words.t("try_it.raw"),
            value='{"data": [3]}',
            height=220,
            key="try_raw",
            help=words.t("try_it.raw_help"),
            persist_state="session",
        )
        or ""
    )


def send(endpoint: Endpoint, payload: str) -> None:
    """Ask the endpoint and keep the answer, so that it stays while other things on the page change."""
    seconds = application().settings.scoring_timeout_seconds
    try:
        with st.spinner(words.t("try_it.sending")):
            answer = open_endpoint(workspace(), endpoint, seconds).score(payload)
    except YosokuError as error:
        st.session_state[ANSWER] = (endpoint.name, error)
    else:
        st.session_state[ANSWER] = (endpoint.name, answer)


def show_answer(name: str) -> None:
    """The answer as a chart and as JSON, or why there is none."""
    asked, answer = st.session_state.get(ANSWER, (None, None))
    if asked != name:
        st.caption(words.t("try_it.no_answer"))
        return
    if isinstance(answer, YosokuError):
        show_request_failure(words, name, answer)
        return
    st.markdown(
        words.t("try_it.answered", status=answer.status, latency=words.duration(answer.latency_ms / 1000))
    )
    if not draw_answer(words, answer.body, key="try_chart", height=300):
        st.caption(words.t("try_it.no_chart"))
    st.json(answer.body, expanded=2 if len(answer.text) < 600 else 1)


def show_snippets(endpoint: Endpoint, payload: str) -> None:
    """The same call for other systems."""
    st.subheader(words.t("try_it.code"), anchor=False)
    if endpoint.authentication:
        st.caption(words.t("try_it.code_key", variable=snippets.KEY_VARIABLE))
    uri = endpoint.scoring_uri or words.t("endpoints.no_uri")
    tabs = st.tabs(
        [words.t(f"try_it.language.{language}") for language in snippets.LANGUAGES], key="try_tabs"
    )
    for language, tab in zip(snippets.LANGUAGES, tabs, strict=True):
        with tab:
            code = snippets.snippet(language, uri, payload, endpoint.authentication)
            st.code(
                code,
                language="bash" if language == "curl" else language,
                height=CODE_HEIGHT if len(code) > LONG_CODE else "content",
                wrap_lines=True,
            )


def show_page(found: list[Endpoint]) -> None:
    """Request left, answer right, code below."""
    st.title(words.t("try_it.title"), anchor=False)
    endpoint = choose_endpoint(found)
    left, right = st.columns([2, 3], gap="large")
    with left:
        kind = st.segmented_control(
            words.t("try_it.kind"),
            ("form", "raw"),
            default="form",
            required=True,
            format_func=lambda kind: words.t(f"try_it.kind.{kind}"),
            key="try_kind",
            label_visibility="collapsed",
            persist_state="session",
        )
        payload = json.dumps(form_payload(), ensure_ascii=False) if kind == "form" else raw_payload()
        if st.button(words.t("try_it.send"), type="primary", icon=":material/send:", key="try_send"):
            send(endpoint, payload)
    with right:
        show_answer(endpoint.name)
    show_snippets(endpoint, payload)


try:
    endpoints = reads.endpoints()
except YosokuError as error:
    st.title(words.t("try_it.title"), anchor=False)
    show_error(words, error, title=words.t("workspace.unreachable"))
else:
    if endpoints:
        show_page(endpoints)
    else:
        st.title(words.t("try_it.empty"), anchor=False)
        offer_demonstration()
