"""Forecast: actuals against the endpoint's forecasts, said in a sentence first."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import streamlit as st

from backend.errors import EndpointRejected, YosokuError
from backend.forecasts import default_endpoint
from dashboard import reads
from dashboard.charts import Levels, Lines, forecast_chart
from dashboard.components.actuals_choice import choose_actuals, chosen_source, read_chosen, take_upload
from dashboard.components.demonstration import is_preparing, offer_demonstration
from dashboard.components.feedback import plain, show_error
from dashboard.components.figures import chart_words, draw
from dashboard.components.findings import show_findings
from dashboard.components.kpi import show_kpis
from dashboard.components.state import state_badge
from dashboard.components.tables import forecast_csv, show_accuracy, show_days
from dashboard.headline import byline, headline, unit_of
from dashboard.series import HORIZONS, RANGES, future_frame, misses, outlook, window
from dashboard.session import application, reader

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from backend.forecasts import ForecastView
    from backend.services import Endpoint
    from dashboard.reads import Shown

words = reader()


def choose_forecast(names: list[str], preferred: str, series: Actuals) -> tuple[str, int]:
    """Endpoint and horizon, behind a button that says what is chosen.

    Another series changes the endpoint to the one that forecast it last, if there is one among the names.
    """
    options = HORIZONS[series.frequency]
    horizon_key = f"forecast_horizon_{series.frequency}"

    def steps(count: int) -> str:
        return words.t(f"forecast.steps.{series.frequency}", steps=count)

    another = st.session_state.get("forecast_series") != series.name
    knows_it = another and preferred in application().history.endpoints_with_vintages(series.name)
    if st.session_state.get("forecast_endpoint") not in names or knows_it:
        st.session_state["forecast_endpoint"] = preferred
    st.session_state["forecast_series"] = series.name
    st.session_state.setdefault(horizon_key, options[1])
    label = f"{st.session_state['forecast_endpoint']} · {steps(st.session_state[horizon_key])}"
    with st.popover(label, icon=":material/tune:", key="forecast_choice"):
        name = st.selectbox(
            words.t("forecast.endpoint"), names, key="forecast_endpoint", persist_state="session"
        )
        horizon = st.segmented_control(
            words.t("forecast.horizon"),
            options,
            required=True,
            format_func=steps,
            key=horizon_key,
            help=words.t("forecast.horizon_help"),
            persist_state="session",
        )
    return name, horizon or options[1]


def choose_view(series: Actuals) -> tuple[int, Levels, bool]:
    """Range, interval and past forecasts."""
    ranges = RANGES[series.frequency]
    steps = st.segmented_control(
        words.t("forecast.range"),
        ranges,
        default=ranges[1],
        required=True,
        format_func=lambda count: words.t(f"forecast.range.{series.frequency}.{count}"),
        key=f"forecast_range_{series.frequency}",
        label_visibility="collapsed",
        persist_state="session",
    )
    levels = st.segmented_control(
        words.t("forecast.interval"),
        get_args(Levels),
        default="both",
        required=True,
        format_func=lambda level: words.t(f"forecast.interval.{level}"),
        key="forecast_interval",
        label_visibility="collapsed",
        persist_state="session",
    )
    past = st.toggle(
        words.t("forecast.past"),
        value=True,
        key="forecast_past",
        help=words.t("forecast.past_help"),
        persist_state="session",
    )
    return steps, levels, past


@st.fragment(run_every="5s")
def live_state(name: str, seen: str) -> None:
    """The endpoint's state as it is now; the page is drawn anew when it has changed."""
    try:
        now = next((endpoint for endpoint in reads.endpoints() if endpoint.name == name), None)
    except YosokuError:
        now = None
    if now is not None:
        state_badge(words, now.state, name=name)
    if (now.state if now else "") != seen:
        reads.forget()
        st.rerun()


def show_problem(view: ForecastView, name: str, state: str) -> None:
    """Why the forecasts aren't fresh, and from when they are."""
    issued = max((vintage.issued_at for vintage in (view.future, *view.past) if vintage), default=None)
    moment = words.moment(issued) if issued else ""
    reason = words.error(view.problem) if view.problem else ""
    if not issued:
        refused = isinstance(view.problem, EndpointRejected)
        text = words.t("forecast.refused" if refused else "forecast.down_empty", name=name, reason=reason)
    elif state not in ("", "Healthy"):
        word = words.t(f"state.{state}")
        text = words.t("forecast.unsettled", name=name, state=word, moment=moment)
    else:
        text = words.t("forecast.down", name=name, moment=moment, reason=reason)
    st.warning(plain(text), icon=":material/cloud_off:")


def show_forecast(
    series: Actuals, name: str, state: str, shown: Shown, choices: tuple[int, Levels, bool]
) -> None:
    """Headline, chart, figures and tables of one endpoint's forecasts."""
    steps, levels, show_past = choices
    if shown.view.future is None:
        steps = 0  # a forecast from the end of old training data lies before the days that a range would show
    view, past = shown.view, shown.past
    ahead = outlook(series, view.future) if view.future else None
    message = headline(words, series, view, ahead)
    future = future_frame(view.future)
    with head:
        st.title(plain(message), anchor=False)
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(width="content"):
                live_state(name, state)
            st.caption(plain(byline(words, series, view, past.said)))
        if not view.live or (state and state != "Healthy"):
            show_problem(view, name, state)
    miss_level = 80 if levels == "80" else 95
    frames = [series.frame, past.said, misses(past.said, miss_level)]
    actual, said, outside = window(frames, steps, series.frame)
    lines = Lines(actual, future, said, outside) if show_past else Lines(actual, future)
    size = float(series.frame["y"].abs().mean())
    with body:
        figure = forecast_chart(
            lines,
            chart_words(words, unit_of(series), miss_level=miss_level, size=size, frequency=series.frequency),
            levels=levels,
        )
        alt = words.t("forecast.chart_alt", message=message, misses=len(outside))
        draw(figure, key="forecast_chart", alt=alt)
        show_findings(words, series)
        show_kpis(words, series, ahead, past)
        show_accuracy(words, series, past)
        days = st.expander(
            words.t("days.title"), icon=":material/table_rows:", key="forecast_days", on_change="rerun"
        )
        if days.open and len(future):
            with days:
                show_days(words, series, future)
        st.download_button(
            words.t("forecast.download"),
            lambda: forecast_csv(series, future, past.said),
            file_name=f"{series.name}-{name}.csv",
            mime="text/csv",
            icon=":material/download:",
            on_click="ignore",
            key="forecast_download",
        )


def show_page(found: list[Endpoint], names: list[str], series: Actuals) -> None:
    """The page of an endpoint that exists or once existed."""
    preferred = default_endpoint(found, application().history, series.name)
    with controls:
        name, horizon = choose_forecast(names, preferred.name if preferred else names[0], series)
        choices = choose_view(series)
    endpoint = next((known for known in found if known.name == name), None)
    with body, st.spinner(words.t("forecast.asking", name=name)):
        shown = reads.forecast(name, endpoint.model_id if endpoint else None, series, horizon)
    show_forecast(series, name, endpoint.state if endpoint else "", shown, choices)


take_upload()
head = st.container(gap="xsmall")
controls = st.container(horizontal=True, vertical_alignment="center", gap="small")
body = st.container()
source = chosen_source()
series: Actuals | None = None
found: list[Endpoint] = []
trouble: YosokuError | None = None
try:
    found = reads.endpoints()
except YosokuError as error:
    trouble = error
names = [endpoint.name for endpoint in found] or application().history.endpoints_with_vintages()
try:
    series = read_chosen(source)
except YosokuError as error:
    with head:
        show_error(words, error, title=words.t("actuals.refused", name=source.name))

preparing = is_preparing()
if trouble is None and (preparing or not found):
    with head:
        if not names or preparing:
            st.title(words.t("forecast.preparing" if preparing else "forecast.empty"), anchor=False)
        offer_demonstration()
if trouble is not None:
    with head:
        show_error(words, trouble, title=words.t("workspace.unreachable"))
if names and series is not None and not preparing:
    show_page(found, names, series)
choose_actuals(words, source, series)
