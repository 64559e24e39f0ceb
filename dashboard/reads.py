"""What the pages read from the backend, cached so that a rerun asks nobody anything twice.

Endpoint and model lists come from the workspace over HTTPS, so one shared read serves every viewer, and a
stale one is shown while it is refreshed. Whoever changes something calls `forget()`.
"""

from __future__ import annotations

import contextlib
import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from backend import environments, forecasts, models, scripts, services, training_runs
from backend import workspace as workspaces
from backend.deployments import deployed_to
from backend.forecasts import history_digests
from backend.notes import notes_of
from backend.panel_forecasts import refresh_panel, view_of_node
from backend.panel_table import read_any
from backend.plans import plan_with_parts
from backend.track_record import record
from dashboard.board_content import board_of, standing_of
from dashboard.charts import forecast_chart
from dashboard.session import application, workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    import pandas as pd
    import plotly.graph_objects as go

    from backend.actuals import Actuals, ActualsSource
    from backend.deployments import Deployed
    from backend.environments import EnvironmentSpecification
    from backend.forecasts import ForecastView
    from backend.models import RegisteredModel
    from backend.notes import Note
    from backend.panel import Panel
    from backend.panel_forecasts import PanelView
    from backend.scripts import Script
    from backend.services import Endpoint
    from backend.track_record import Record
    from backend.training_report import TrainingReport
    from backend.workspace import WorkspaceFacts
    from dashboard.board import Board
    from dashboard.board_content import Choices, Standing
    from dashboard.chart_style import Levels
    from dashboard.i18n import Reader

    Ranges = tuple[tuple[datetime, datetime], ...]

T = TypeVar("T")
STATE_SECONDS = 4.0
FORECAST_SECONDS = 300.0
# An endpoint that is down is asked again after this; each attempt may wait for a connection.
RETRY_SECONDS = 15.0


@dataclass(frozen=True)
class Shown:
    """A view of the forecasts, and when it was made (monotonic seconds)."""

    view: ForecastView
    at: float

    @property
    def key(self) -> tuple[object, ...]:
        """What tells it from every other."""
        return self.at, self.view.actuals.name, self.view.issuer


@dataclass(frozen=True)
class Remembered:
    """What people and deployments left beside the forecasts of a series."""

    notes: tuple[Note, ...]
    deployed: tuple[Deployed, ...]
    plan: pd.DataFrame | None


@dataclass(frozen=True)
class ShownPanel:
    """What comes next for every node of a panel, and when it was asked (monotonic seconds)."""

    view: PanelView
    at: float


def _still_good(shown: Shown | ShownPanel) -> bool:
    return shown.view.live or time.monotonic() - shown.at < RETRY_SECONDS


@st.cache_data(ttl=STATE_SECONDS, refresh_mode="background", show_spinner=False)
def endpoints() -> list[Endpoint]:
    """Every endpoint with its state, at most a few seconds old."""
    return services.list_endpoints(workspace())


@st.cache_data(ttl=STATE_SECONDS, refresh_mode="background", show_spinner=False)
def registered_models() -> list[RegisteredModel]:
    """Every version of every model."""
    return models.list_models(workspace())


@st.cache_data(ttl=60, show_spinner=False)
def facts() -> WorkspaceFacts:
    """Which workspace this is."""
    return workspaces.describe(workspace(), application().settings)


@st.cache_data(show_spinner=False)
def specifications() -> list[EnvironmentSpecification]:
    """The environments that ship with the app."""
    return environments.bundled()


@st.cache_data(show_spinner=False)
def bundled_script() -> Script:
    """The scoring script that ships with the app."""
    return scripts.bundled_script()


@st.cache_data(show_spinner=False)
def training_code() -> str:
    """The training script beside which the scoring script is shown."""
    return scripts.training_code()


@st.cache_data(max_entries=32, show_spinner=False)
def version_report(model: RegisteredModel) -> TrainingReport:
    """The report that was registered with a version; raises InvalidReport."""
    return training_runs.registered_report(workspace(), model)


@st.cache_data(max_entries=8, show_spinner=False)
def kept_report(run: str) -> TrainingReport:
    """The report of a training that kept its challenger out; raises NotFound."""
    return training_runs.kept_report(application().settings, run)


def read_actuals(source: ActualsSource, date_column: str | None, value_column: str | None) -> Actuals | Panel:
    """A source's actuals, read once for each of its versions and choice of columns; raises InvalidActuals."""
    return _read_actuals(source.name, source.version(), date_column, value_column, source)


@st.cache_resource(max_entries=16, show_spinner=False)
def _read_actuals(
    name: str, version: str, date_column: str | None, value_column: str | None, _source: ActualsSource
) -> Actuals | Panel:
    return read_any(_source.table(), name, date_column=date_column, value_column=value_column)


def forecast(endpoint: str, model: str | None, series: Actuals) -> Shown:
    """Actuals beside the endpoint's forecasts, asked at most once in a while for the same actuals."""
    return _forecast(endpoint, model, _fingerprint(series), series)


@st.cache_resource(ttl=FORECAST_SECONDS, max_entries=64, validate=_still_good, show_spinner=False)
def _forecast(endpoint: str, model: str | None, fingerprint: str, _series: Actuals) -> Shown:
    return Shown(forecasts.refresh(application(), endpoint, _series), time.monotonic())


def panel_forecasts(endpoint: str, model: str | None, panel: Panel) -> ShownPanel:
    """What the endpoint says of every node of a panel, asked at most once in a while."""
    fingerprint = f"{panel.name}:{panel.digests([panel.origin])[panel.origin]}"
    return _panel_forecasts(endpoint, model, fingerprint, panel)


@st.cache_resource(ttl=FORECAST_SECONDS, max_entries=8, validate=_still_good, show_spinner=False)
def _panel_forecasts(endpoint: str, model: str | None, fingerprint: str, _panel: Panel) -> ShownPanel:
    return ShownPanel(refresh_panel(application(), endpoint, _panel), time.monotonic())


def node_forecast(shown: ShownPanel, node: str) -> Shown:
    """One node's forecasts beside its actuals, from what was asked for the whole panel."""
    return Shown(_node_view(shown.at, shown.view.endpoint, node, shown), shown.at)


@st.cache_resource(max_entries=64, show_spinner=False)
def _node_view(at: float, endpoint: str, node: str, _shown: ShownPanel) -> ForecastView:
    return view_of_node(application(), _shown.view, node)


def track_record(shown: Shown, left_out: Ranges) -> Record:
    """How right the view's past forecasts were, measured once for what notes leave out."""
    return _track_record(shown.key, left_out, shown.view)


@st.cache_resource(max_entries=64, show_spinner=False)
def _track_record(key: tuple[object, ...], left_out: Ranges, _view: ForecastView) -> Record:
    return record(_view, left_out)


def board(
    reader: Reader,
    shown: Shown,
    past: Record,
    choices: Choices,
    remembered: Remembered,
) -> Board:
    """The page's content, made once for the same forecasts, choices, notes and language."""
    key = (*shown.key, reader.language, str(reader.zone))
    standing = _standing(key, remembered.notes, remembered.deployed, reader, shown.view, past)
    return _board(key, choices, remembered, standing, reader, shown.view, past)


@st.cache_resource(ttl=FORECAST_SECONDS, max_entries=64, show_spinner=False)
def _standing(
    key: tuple[object, ...],
    pinned: tuple[Note, ...],
    deployed: tuple[Deployed, ...],
    _reader: Reader,
    _view: ForecastView,
    _past: Record,
) -> Standing:
    return standing_of(_reader, _view, _past, pinned, deployed)


@st.cache_resource(ttl=FORECAST_SECONDS, max_entries=64, show_spinner=False)
def _board(
    key: tuple[object, ...],
    choices: Choices,
    remembered: Remembered,
    _standing: Standing,
    _reader: Reader,
    _view: ForecastView,
    _past: Record,
) -> Board:
    return board_of(_reader, _view, _past, _standing, choices, remembered.plan)


@functools.lru_cache(maxsize=64)
def node_actuals(panel: Panel, node: str) -> Actuals:
    """The actuals of a panel's node, with what stands out in them."""
    return panel.actuals(node)


@functools.lru_cache(maxsize=64)
def board_chart(board: Board, levels: Levels, *, zoom: bool) -> go.Figure:
    """A board's chart, built once."""
    return forecast_chart(board.lines, board.words, levels=levels, zoom=zoom)


@st.cache_resource(ttl=STATE_SECONDS, max_entries=64, show_spinner=False)
def remembered(series: str, endpoint: str, plan: str, part: str) -> Remembered:
    """Everybody's notes on a series, what was deployed to an endpoint, and a plan's part."""
    known = plan_with_parts(application().history, plan)
    return Remembered(
        tuple(notes_of(application().history, series)),
        deployed_to(application().jobs, endpoint),
        known.parts.get(part) if known else None,
    )


def forget_remembered() -> None:
    """Drop what people left beside the forecasts, after somebody changed it."""
    remembered.clear()


def kept(key: tuple[object, ...], make: Callable[[], T]) -> T:
    """Something that is the same for all who look, such as a chart; made once for what its key tells."""
    made: T = _kept(key, make)
    return made


@st.cache_resource(ttl=FORECAST_SECONDS, max_entries=256, show_spinner=False)
def _kept(key: tuple[object, ...], _make: Callable[[], Any]) -> Any:
    return _make()


def _fingerprint(series: Actuals) -> str:
    """What tells these actuals from all others: their name and the SHA-256 of their rows."""
    return f"{series.name}:{history_digests(series, [series.origin])[series.origin]}"


@contextlib.contextmanager
def changing() -> Iterator[None]:
    """Around a change of the workspace: what was read before is forgotten, however the change ends.

    A reader who leaves the page meanwhile ends the script at its next word to the browser.
    """
    try:
        yield
    finally:
        forget()


def forget() -> None:
    """Drop what was read from the workspace, after something was changed in it."""
    endpoints.clear()
    registered_models.clear()
    _forecast.clear()
    _panel_forecasts.clear()
    forget_remembered()
