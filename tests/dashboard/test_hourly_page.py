"""An hourly series from end to end: trained, registered, deployed, uploaded as actuals, read on the page."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest

from backend import models, services
from backend.demonstration import ENDPOINT as DAILY_ENDPOINT
from backend.run_outputs import read_run_outputs
from backend.scripts import bundled_script
from backend.settings import PROJECT_ROOT
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.conftest import OpenPage, deploy_small
from tests.dashboard.pages import figures, open_actuals, open_tab, said, tables
from tests.hourly_series import hourly_csv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamlit.testing.v1 import AppTest

    from backend.application import Application
    from backend.jobs import Job

ENDPOINT, MODEL = "hourly-load", "hourly-load"
ORDERS = ["--order", "1,0,0", "--seasonal-order", "0,1,0,24", "--starts", "0"]
DAYS = 28
LAST_DAY = date(2014, 5, 31)


OpenHours = Callable[[Language], "AppTest"]


@pytest.fixture(scope="module")
def hourly_endpoint(application: Application, demonstration: Job) -> Iterator[str]:
    """A Healthy endpoint of a model of hours; the demonstration has built the environment."""
    folder = application.settings.uploads / uuid.uuid4().hex  # the SDK registers what lies in its own folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hours.csv").write_bytes(hourly_csv(DAYS))
    command = [sys.executable, "-m", "scoring.train", "--input", str(folder / "hours.csv")]
    command += ["--output", str(folder / "outputs"), "--model-name", MODEL, *ORDERS]
    done = subprocess.run(
        command, cwd=PROJECT_ROOT, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    model = models.register(application.workspace(), read_run_outputs(folder / "outputs"))
    deploy_small(application, ENDPOINT, model, bundled_script())
    yield ENDPOINT
    services.delete_endpoint(application.workspace(), ENDPOINT)
    models.delete_model(application.workspace(), model.name, model.version)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def open_hours(open_page: OpenPage, hourly_endpoint: str) -> OpenHours:
    """The Forecast page with the hours as actuals and their endpoint chosen."""

    def open_it(language: Language) -> AppTest:
        at = open_page("forecast", language)
        open_actuals(at)
        at.file_uploader(key="actuals_upload").upload("hours.csv", hourly_csv(DAYS)).run()
        at.selectbox(key="forecast_endpoint").set_value(hourly_endpoint).run()
        assert not at.exception, at.exception
        return at

    return open_it


@pytest.mark.parametrize("language", LANGUAGES)
def test_hours_are_read_like_days(open_hours: OpenHours, language: Language) -> None:
    at = open_hours(language)
    reader = open_reader(language)
    assert not at.warning
    assert not at.error
    assert "24" in at.title[0].value
    words = said(at).replace("\\", "")
    assert reader.t("format.moment", date=reader.date(LAST_DAY), time="23:00") in words
    assert at.metric[0].label == reader.t("kpi.next_mean.h", steps=24)
    assert [at.metric[place].value for place in range(5)].count(reader.t("kpi.unknown")) == 0
    leads = tables(at)
    assert len(leads.splitlines()) > 2
    axis = figures(at)[0]["layout"]["xaxis"]
    assert axis["tickformatstops"][0]["value"] == reader.t("chart.hour_format")


def test_the_horizon_and_the_period_are_hours(open_hours: OpenHours) -> None:
    at = open_hours("en")
    forecast = next(trace for trace in figures(at)[0]["data"] if trace["name"] == "forecast")
    assert len(forecast["x"]) == 48
    assert forecast["x"][0].startswith("2014-06-01T00:00")
    at.segmented_control(key="forecast_horizon_h").set_value(168).run()
    at.segmented_control(key="forecast_range_h").set_value(72).run()
    traces = {trace["name"]: trace for trace in figures(at)[0]["data"]}
    assert (len(traces["forecast"]["x"]), len(traces["actual"]["x"])) == (168, 72)


def test_the_hours_ahead_are_listed(open_hours: OpenHours) -> None:
    at = open_hours("ja")
    open_tab(at, "days")
    assert "2014年6月1日 00:00" in tables(at).replace("\\", "")
    assert "日曜" in tables(at)


def test_every_hour_of_the_past_is_kept_and_asked_once(
    open_hours: OpenHours, application: Application
) -> None:
    at = open_hours("en")
    kept = application.history.newest_vintages(ENDPOINT, "hours")
    assert {vintage.frequency for vintage in kept} == {"h"}
    assert {vintage.origin.hour for vintage in kept} == {23}
    assert len(kept) == 27
    assert all((vintage.points[0].ds - vintage.origin).total_seconds() == 3600 for vintage in kept)
    at.run()
    assert application.history.newest_vintages(ENDPOINT, "hours") == kept


def test_a_series_is_shown_with_the_endpoint_that_forecast_it_last(
    open_hours: OpenHours, open_page: OpenPage
) -> None:
    at = open_hours("en")
    open_actuals(at)
    at.selectbox(key="actuals_source").set_value("adventureworks_daily").run()
    assert at.selectbox(key="forecast_endpoint").value == DAILY_ENDPOINT
    open_actuals(at)
    at.selectbox(key="actuals_source").set_value("hours").run()
    assert at.selectbox(key="forecast_endpoint").value == ENDPOINT
    assert not at.warning
    assert open_page("forecast").selectbox(key="forecast_endpoint").value == DAILY_ENDPOINT


def test_an_endpoint_of_days_refuses_hours_with_a_reason(open_page: OpenPage, hourly_endpoint: str) -> None:
    at = open_page("forecast")
    open_actuals(at)
    at.file_uploader(key="actuals_upload").upload("hours.csv", hourly_csv(DAYS)).run()
    at.selectbox(key="forecast_endpoint").set_value(DAILY_ENDPOINT).run()
    warning = at.warning[0].value.replace("\\", "")
    assert warning.startswith(f"{DAILY_ENDPOINT} can't forecast these actuals.")
    assert "time of day" in warning
    assert not at.exception
