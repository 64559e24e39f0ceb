"""What the pages read from the backend, cached so that a rerun asks nobody anything twice.

Endpoint and model lists come from the workspace over HTTPS, so one shared read serves every viewer, and a
stale one is shown while it is refreshed. Whoever changes something calls `forget()`.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend import actuals as actuals_source
from backend import environments, forecasts, models, scripts, services, training_runs
from backend import workspace as workspaces
from dashboard.series import Record, record
from dashboard.session import application, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backend.actuals import Actuals
    from backend.environments import EnvironmentSpecification
    from backend.forecasts import ForecastView
    from backend.models import RegisteredModel
    from backend.scripts import Script
    from backend.services import Endpoint
    from backend.training_report import TrainingReport
    from backend.workspace import WorkspaceFacts

STATE_SECONDS = 4.0
FORECAST_SECONDS = 300.0
# An endpoint that is down is asked again after this; each attempt may wait for a connection.
RETRY_SECONDS = 15.0


@dataclass(frozen=True)
class Shown:
    """A view of the forecasts, how right the past ones were, and when it was made (monotonic seconds)."""

    view: ForecastView
    past: Record
    at: float


def _still_good(shown: Shown) -> bool:
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


def read_series(path: Path, name: str, date_column: str | None, value_column: str | None) -> Actuals:
    """A file of actuals, read once for each version of the file and choice of columns."""
    return _read_series(path, name, date_column, value_column, path.stat().st_mtime_ns)


@st.cache_data(max_entries=16, show_spinner=False)
def _read_series(
    path: Path, name: str, date_column: str | None, value_column: str | None, version: int
) -> Actuals:
    return actuals_source.read_actuals(path, name, date_column=date_column, value_column=value_column)


def forecast(endpoint: str, model: str | None, series: Actuals, horizon: int) -> Shown:
    """Actuals beside the endpoint's forecasts, asked at most once in a while for the same question."""
    frame = series.frame
    fingerprint = (series.name, str(series.origin), len(frame), float(frame["y"].sum()))
    return _forecast(endpoint, model, fingerprint, horizon, series)


@st.cache_resource(ttl=FORECAST_SECONDS, max_entries=64, validate=_still_good, show_spinner=False)
def _forecast(
    endpoint: str, model: str | None, fingerprint: tuple[Any, ...], horizon: int, _series: Actuals
) -> Shown:
    view = forecasts.refresh(application(), endpoint, _series, horizon=horizon)
    return Shown(view, record(view), time.monotonic())


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
