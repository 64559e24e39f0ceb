"""What the pages read from the backend, cached so that a rerun asks nobody anything twice.

Endpoint and model lists come from the workspace over HTTPS, so one shared read serves every viewer, and a
stale one is shown while it is refreshed. Whoever changes something calls `forget()`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import streamlit as st

from backend import environments, models, scripts, services, training_runs
from backend import workspace as workspaces
from dashboard import forecast_reads
from dashboard.session import application, workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.environments import EnvironmentSpecification
    from backend.models import RegisteredModel
    from backend.scripts import Script
    from backend.services import Endpoint
    from backend.training_report import TrainingReport
    from backend.workspace import WorkspaceFacts

STATE_SECONDS = 4.0


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
    forecast_reads.forget()
