"""Forecast: what will happen, how sure we are, how right we were; said in a sentence first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from backend import notes
from backend.errors import EndpointRejected, YosokuError
from backend.forecasts import default_endpoint
from backend.horizons import HORIZONS
from backend.panel import Panel
from backend.panel_forecasts import is_made_for
from backend.plans import plan_with_parts, planned_part
from dashboard import forecast_reads, reads
from dashboard.board_content import Choices
from dashboard.components.actuals_choice import choose_actuals, chosen_source, read_chosen, take_upload
from dashboard.components.breakdown import choose_node, show_breakdown
from dashboard.components.chart_choice import choose_view
from dashboard.components.comparison import show_comparison
from dashboard.components.demonstration import is_preparing, offer_demonstration, offer_sales
from dashboard.components.feedback import plain, show_error
from dashboard.components.figures import draw
from dashboard.components.how_right import show_how_right
from dashboard.components.notes import show_notes
from dashboard.components.plan import show_plan
from dashboard.components.provenance import CHART, show_provenance, take_click
from dashboard.components.sentences import show_sentences
from dashboard.components.state import state_badge
from dashboard.components.tables import written_table
from dashboard.components.take_away import show_take_away
from dashboard.components.tiles import show_tiles
from dashboard.components.time_machine import show_time_machine
from dashboard.session import application, has_a_mouse, reader
from dashboard.shared_view import is_shared, link_to, open_link

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from backend.services import Endpoint
    from backend.track_record import Record
    from dashboard.board_content import Standing
    from dashboard.forecast_reads import Remembered, Shown, ShownPanel

DAYS_HEIGHT = 320  # pixels; the days of a quarter scroll
words = reader()


@dataclass(frozen=True)
class Page:
    """What is shown: whose forecasts of which actuals, how far ahead.

    `rows` is the version of the actuals' `source` that was read.
    """

    found: list[Endpoint]
    name: str
    source: str
    series: Actuals
    horizon: int
    panel: ShownPanel | None = None
    node: str = ""
    rows: str = ""

    @property
    def endpoint(self) -> Endpoint | None:
        """The endpoint as it is now; None for one that is gone."""
        return next((known for known in self.found if known.name == self.name), None)


def choose_forecast(names: list[str], preferred: str, series: Actuals) -> tuple[str, int]:
    """Endpoint and horizon, behind a button that says what is chosen.

    Another series changes the endpoint to the one that forecast it last, if there is one among the names.
    """
    options = HORIZONS[series.frequency]
    horizon_key = f"forecast_horizon_{series.frequency}"

    def steps(count: int) -> str:
        return words.t(f"forecast.steps.{series.frequency}", steps=count)

    another = st.session_state.get("forecast_series") != series.name
    issued = application().history.endpoints_with_vintages(series.name)
    made_for = any(one.name == preferred and is_made_for(one, source.name) for one in found)
    knows_it = another and (preferred in issued or made_for)
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


@st.fragment(run_every="5s")
def live_state(name: str, seen: str, rows: str) -> None:
    """The endpoint's state as it is now; the page is drawn anew when it, or the actuals, have changed."""
    try:
        now = next((endpoint for endpoint in reads.endpoints() if endpoint.name == name), None)
    except YosokuError:
        now = None
    if now is not None:
        state_badge(words, now.state, name=name)
    if (now.state if now else "") != seen:
        reads.forget()
        st.rerun()
    if chosen_source().version() != rows:
        st.rerun()


def show_problem(shown: Shown, name: str, state: str) -> None:
    """Why the forecasts aren't fresh, and from when they are."""
    view = shown.view
    issued = max((vintage.issued_at for vintage in view.issued), default=None)
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


def show_head(page: Page, shown: Shown, standing: Standing) -> None:
    """The message, what it is against, who said it; and what is wrong, if anything is."""
    state = page.endpoint.state if page.endpoint else ""
    st.title(plain(standing.title), anchor=False)
    if standing.lead:
        st.markdown(plain(standing.lead))
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="content"):
            live_state(page.name, state, page.rows)
        st.caption(plain(standing.byline))
    if not shown.view.live or (state and state != "Healthy"):
        show_problem(shown, page.name, state)


def look_back(page: Page, shown: Shown) -> tuple[Record, Remembered]:
    """How right the forecasts were, and what people left beside them, as it is now."""
    part = planned_part(page.node)
    left = forecast_reads.remembered(page.series.name, page.name, page.source, part)
    return forecast_reads.track_record(shown, notes.excluded_ranges(left.notes)), left


@st.fragment
def show_chart(page: Page, shown: Shown) -> None:
    """How much of the past and which bands, the chart, where its figures come from, and files of it.

    A choice here, or a click on the chart, draws this part alone, with the notes that are there by then.
    """
    with controls:
        choices = Choices(page.horizon, *choose_view(words, page.series))
    past, left = look_back(page, shown)
    board = forecast_reads.board(words, shown, past, choices, left)
    with body:
        figure = forecast_reads.board_chart(board, choices.levels, zoom=has_a_mouse())
        draw(figure, key=CHART, alt=board.alt, on_click=take_click)
        with st.container(horizontal=True, vertical_alignment="top", horizontal_alignment="distribute"):
            with st.container(width="content"):
                known = [endpoint.name for endpoint in page.found]
                show_provenance(words, shown, board, known)
            show_take_away(words, board, link_to(page.source, page.node, page.name, choices))


def show_findings(page: Page, shown: Shown, standing: Standing) -> None:
    """Tiles, what to know, and how right we were."""
    show_tiles(standing.tiles)
    show_sentences(words.t("signal.title"), standing.signals)
    show_how_right(words, page.series, standing, shown.view.future)


def show_more(page: Page, shown: Shown) -> None:
    """What is opened on demand: the figures by day, replay, comparison, parts, notes.

    The first is open from the beginning, so that it is one without another chart for the browser to draw.
    """
    names = ["days", "time_machine", "comparison", *(["breakdown"] if page.panel else [])]
    names += [] if is_shared() else ["notes"]
    tabs = st.tabs([words.t(f"more.{name}") for name in names], key="forecast_more", on_change="rerun")
    for name, tab in zip(names, tabs, strict=True):
        if not tab.open:
            continue
        with tab:
            if name == "time_machine":
                show_time_machine(words, shown.view)
            elif name == "comparison":
                others = [known.name for known in page.found if known.name != page.name]
                show_comparison(words, page.series, shown.view, others, lambda other: load(page, other).view)
            elif name == "breakdown" and page.panel:
                plan = plan_with_parts(application().history, page.panel.view.panel.name)
                if not is_shared():
                    show_plan(words, page.panel.view.panel.name, page.panel.view.panel.nodes)
                show_breakdown(words, page.panel.view.panel, page.panel.view, plan.parts if plan else None)
            elif name == "notes":
                show_notes(words, page.series)
                if page.panel is None:
                    show_plan(words, page.series.name)
            elif shown.view.future is not None:
                days = forecast_reads.days(words, shown, page.horizon)
                with st.container(height=DAYS_HEIGHT, border=False, key="days_table"):
                    st.markdown(written_table(days))


def load(page: Page, name: str) -> Shown:
    """An endpoint's forecasts of the actuals that are shown."""
    endpoint = next((known for known in page.found if known.name == name), None)
    model = endpoint.model_id if endpoint else None
    if page.panel is None:
        return forecast_reads.forecast(name, model, page.series)
    panel = forecast_reads.panel_forecasts(name, model, page.panel.view.panel)
    return forecast_reads.node_forecast(panel, page.node)


def serving_names(names: list[str], actuals: str, series: str) -> list[str]:
    """The endpoints whose model knows the parts of these actuals, or that forecast this one before."""
    made = [endpoint.name for endpoint in found if is_made_for(endpoint, actuals)]
    before = application().history.endpoints_with_vintages(series)
    return [name for name in names if name in made or name in before]


def show_page(names: list[str], chosen: Actuals | Panel, node: str, series: Actuals) -> None:
    """The page of an endpoint that exists or once existed."""
    preferred = default_endpoint(found, application().history, series.name)
    with controls:
        name, horizon = choose_forecast(names, preferred.name if preferred else names[0], series)
    endpoint = next((known for known in found if known.name == name), None)
    model = endpoint.model_id if endpoint else None
    with body, st.spinner(words.t("forecast.asking", name=name)):
        panel = forecast_reads.panel_forecasts(name, model, chosen) if isinstance(chosen, Panel) else None
        shown = (
            forecast_reads.node_forecast(panel, node)
            if panel
            else forecast_reads.forecast(name, model, series)
        )
    page = Page(found, name, source.name, series, horizon, panel, node, rows)
    standing = forecast_reads.standing(words, shown, *look_back(page, shown))
    with head:
        show_head(page, shown, standing)
    show_chart(page, shown)
    with body:
        show_findings(page, shown, standing)
        show_more(page, shown)


open_link()
take_upload()
head = st.container(gap="xsmall")
controls = st.container(horizontal=True, vertical_alignment="center", gap="small")
body = st.container()
source = chosen_source()
chosen: Actuals | Panel | None = None
found: list[Endpoint] = []
trouble: YosokuError | None = None
try:
    found = reads.endpoints()
except YosokuError as error:
    trouble = error
names = [endpoint.name for endpoint in found] or application().history.endpoints_with_vintages()
rows = source.version()
try:
    chosen = read_chosen(source)
except YosokuError as error:
    with head:
        show_error(words, error, title=words.t("actuals.refused", name=source.name))

preparing = is_preparing()
if trouble is None and (preparing or not found) and not is_shared():
    with head:
        if not names or preparing:
            st.title(words.t("forecast.preparing" if preparing else "forecast.empty"), anchor=False)
        offer_demonstration()
elif trouble is None and not is_shared():
    with head:
        offer_sales(source.name, found)
if trouble is not None:
    with head:
        show_error(words, trouble, title=words.t("workspace.unreachable"))
series: Actuals | None = None
if chosen is not None:
    node = ""
    if isinstance(chosen, Panel):
        with controls:
            node = choose_node(words, chosen)
    series = forecast_reads.node_actuals(chosen, node) if isinstance(chosen, Panel) else chosen
    serving = serving_names(names, source.name, series.name) if isinstance(chosen, Panel) else names
    if serving and not preparing:
        show_page(serving, chosen, node, series)
if not is_shared():
    choose_actuals(words, source, chosen, series)
