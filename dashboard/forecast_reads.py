"""What the Forecast page shows, made once and shared by all who look.

Forecasts, how right they were, and the words and charts made of them: a choice on the page asks nobody
anything twice. Whoever changes notes or plans calls `forget_remembered()`.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from backend import forecasts
from backend.deployments import deployed_to
from backend.forecasts import history_digests
from backend.notes import notes_of
from backend.panel_forecasts import refresh_panel, view_of_node
from backend.panel_table import read_any
from backend.plans import plan_with_parts
from backend.track_record import record
from dashboard.board_content import board_of, standing_of
from dashboard.board_tables import days_table, narrow_days
from dashboard.charts import forecast_chart
from dashboard.series import future_frame
from dashboard.session import application

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import pandas as pd
    import plotly.graph_objects as go

    from backend.actuals import Actuals, ActualsSource
    from backend.deployments import Deployed
    from backend.forecasts import ForecastView
    from backend.notes import Note
    from backend.panel import Panel
    from backend.panel_forecasts import PanelView
    from backend.track_record import Record
    from dashboard.board import Board
    from dashboard.board_content import Choices, Standing
    from dashboard.chart_style import Levels
    from dashboard.i18n import Reader

    Ranges = tuple[tuple[datetime, datetime], ...]

T = TypeVar("T")
FORECAST_SECONDS = 300.0
# People's notes and plans are read again after this, an endpoint that is down asked again after that; each
# attempt may wait for a connection.
NOTES_SECONDS, RETRY_SECONDS = 4.0, 15.0


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


def standing(reader: Reader, shown: Shown, past: Record, remembered: Remembered) -> Standing:
    """What the page says whatever is chosen, made once for the same forecasts, notes and language."""
    key = _words_key(reader, shown)
    return _standing(key, remembered.notes, remembered.deployed, reader, shown.view, past)


def board(reader: Reader, shown: Shown, past: Record, choices: Choices, remembered: Remembered) -> Board:
    """The page's content, made once for the same forecasts, choices, notes and language."""
    said = standing(reader, shown, past, remembered)
    return _board(_words_key(reader, shown), choices, remembered, said, reader, shown.view, past)


def days(reader: Reader, shown: Shown, horizon: int) -> pd.DataFrame:
    """The forecast step by step, in words, for the page."""
    return _days(_words_key(reader, shown), horizon, reader, shown.view)


def _words_key(reader: Reader, shown: Shown) -> tuple[object, ...]:
    """What tells texts about forecasts from all others: whose they are, and for whom they are written."""
    return (*shown.key, reader.language, str(reader.zone))


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


@st.cache_resource(ttl=FORECAST_SECONDS, max_entries=64, show_spinner=False)
def _days(key: tuple[object, ...], horizon: int, _reader: Reader, _view: ForecastView) -> pd.DataFrame:
    ahead = future_frame(_view.future.within(horizon) if _view.future else None)
    return narrow_days(_reader, days_table(_reader, _view.actuals, ahead))


@functools.lru_cache(maxsize=64)
def node_actuals(panel: Panel, node: str) -> Actuals:
    """The actuals of a panel's node, with what stands out in them."""
    return panel.actuals(node)


@functools.lru_cache(maxsize=64)
def board_chart(board: Board, levels: Levels, *, zoom: bool) -> go.Figure:
    """A board's chart, built once."""
    return forecast_chart(board.lines, board.words, levels=levels, zoom=zoom)


@st.cache_resource(ttl=NOTES_SECONDS, max_entries=64, show_spinner=False)
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


def forget() -> None:
    """Drop the forecasts that were read, after something was changed in the workspace."""
    _forecast.clear()
    _panel_forecasts.clear()
    forget_remembered()
