"""The Forecast page on the demonstration's endpoint: sentence, chart, figures, choices, uploads, outages."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backend import models, services
from backend.demonstration import ENDPOINT
from backend.scripts import Script, bundled_script
from backend.settings import Settings
from dashboard import reads
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.conftest import OpenPage, deploy_small
from tests.dashboard.pages import FRAGILE_SCRIPT, figures, open_actuals, open_tab, said, tables, traces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.application import Application
    from backend.jobs import Job

pytestmark = pytest.mark.usefixtures("demonstration")
GAPPY = (
    b"day,sales\n2014-01-01,10\n2014-01-02,x\n2014-01-03,12\n2014-01-05,13\n2014-01-04,11\n2014-01-04,9\n"
    + b"".join(f"2014-01-{day:02d},{day}\n".encode() for day in range(6, 32))
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_message_the_chart_and_the_figures_are_there(open_page: OpenPage, language: Language) -> None:
    at = open_page("forecast", language)
    reader = open_reader(language)
    assert re.search(r"\$\d", at.title[0].value)
    words = reader.t("chart.forecast"), reader.t("chart.actual"), reader.t("chart.said")
    assert set(words) <= set(traces(at))
    assert len(at.metric) == 5
    assert "$" in at.metric[2].value
    assert reader.t("accuracy.title") in said(at)
    assert reader.t("accuracy.lead") in tables(at)
    assert ENDPOINT in at.get("badge")[0].proto.body if at.get("badge") else ENDPOINT in said(at)


def test_the_chart_says_its_takeaway_in_words(open_page: OpenPage) -> None:
    at = open_page("forecast")
    alt = at.get("plotly_chart")[0].proto.alt
    assert at.title[0].value.replace("\\", "")[:40] in alt


def test_choices_change_the_chart(open_page: OpenPage) -> None:
    at = open_page("forecast")
    assert {"upper_80", "upper_95"} <= set(traces(at))
    at.segmented_control(key="forecast_interval").set_value("80").run()
    assert "upper_95" not in traces(at)
    at.toggle(key="forecast_past").set_value(False).run()
    assert "what was forecast" not in traces(at)
    at.segmented_control(key="forecast_horizon_D").set_value(7).run()
    forecast = next(trace for trace in figures(at)[0]["data"] if trace["name"] == "forecast")
    assert len(forecast["x"]) == 7
    before = len(next(trace for trace in figures(at)[0]["data"] if trace["name"] == "actual")["x"])
    at.segmented_control(key="forecast_range_D").set_value(28).run()
    after = len(next(trace for trace in figures(at)[0]["data"] if trace["name"] == "actual")["x"])
    assert (before, after) == (91, 28)
    assert not at.exception


def test_choices_survive_a_change_of_language(open_page: OpenPage) -> None:
    at = open_page("forecast")
    at.segmented_control(key="forecast_horizon_D").set_value(90).run()
    at.segmented_control(key="language").set_value("ja").run()
    assert at.segmented_control(key="forecast_horizon_D").value == 90
    assert "来週の平均取引額" in at.title[0].value
    assert at.query_params["lang"] == "ja"


def test_the_forecast_is_listed_day_by_day(open_page: OpenPage) -> None:
    at = open_page("forecast", "ja")
    open_tab(at, "days")
    assert "2014年6月1日" in tables(at)
    assert "日曜" in tables(at)


def test_a_warm_rerun_asks_nobody(open_page: OpenPage, application: Application) -> None:
    at = open_page("forecast")
    issued = len(application.history.newest_vintages(ENDPOINT, "adventureworks_daily"))
    at.run()
    assert len(application.history.newest_vintages(ENDPOINT, "adventureworks_daily")) == issued
    assert issued == 42


def test_an_upload_is_shown_with_its_problems_by_row(open_page: OpenPage) -> None:
    at = open_page("forecast")
    open_actuals(at)
    at.file_uploader(key="actuals_upload").upload("shop.csv", GAPPY).run()
    assert not at.exception
    assert at.selectbox(key="actuals_source").value == "shop"
    findings = tables(at)
    assert "“x” is not a number" in findings
    assert "The date is there already" in findings
    assert "out of order" in findings
    assert "sales should come to about" in at.title[0].value
    assert "$" not in at.title[0].value
    open_actuals(at)
    at.selectbox(key="actuals_source").set_value("adventureworks_daily").run()
    assert "average transaction" in at.title[0].value


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_upload_that_is_no_series_is_refused(open_page: OpenPage, language: Language) -> None:
    at = open_page("forecast", language)
    open_actuals(at)
    at.file_uploader(key="actuals_upload").upload("notes.csv", b"a,b\nx,y\nz,w\n").run()
    assert at.error[0].value.replace("\\", "") == open_reader(language).t("error.actuals.no_date")
    assert figures(at), "the chart stays"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_out_in_the_actuals_is_said_under_the_chart(
    open_page: OpenPage, language: Language
) -> None:
    at = open_page("forecast", language)
    told = [line.value.replace("\\", "") for line in at.markdown]
    reader = open_reader(language)
    last = reader.date(date(2014, 5, 31))
    [incomplete] = [line for line in told if last in line and "$58" in line]
    assert "$211" in incomplete
    assert any(reader.date(date(2014, 5, 24)) in line and "$1,386" in line for line in told)


def test_an_upload_in_which_nothing_stands_out_has_no_such_lines(open_page: OpenPage) -> None:
    at = open_page("forecast")
    quiet = b"day,sales\n" + b"".join(f"2014-01-{day:02d},{100 + day % 7}\n".encode() for day in range(1, 32))
    open_actuals(at)
    at.file_uploader(key="actuals_upload").upload("quiet.csv", quiet).run()
    assert at.selectbox(key="actuals_source").value == "quiet"
    assert open_reader("en").t("signal.title") not in said(at)


@pytest.fixture
def fragile_endpoint(
    application: Application, demonstration: Job, tmp_path: Path
) -> Iterator[tuple[str, Path]]:
    """An endpoint, and the file that makes it fail."""
    fail = tmp_path / "fail"
    model = models.list_models(application.workspace())[0]
    code = FRAGILE_SCRIPT.format(fail=str(fail)).encode()
    script = Script("fragile.py", {**bundled_script().files, "fragile.py": code})
    deploy_small(application, "fragile", model, script)
    yield "fragile", fail
    services.delete_endpoint(application.workspace(), "fragile")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_endpoint_that_fails_leaves_its_last_forecast_on_the_page(
    open_page: OpenPage, fragile_endpoint: tuple[str, Path], language: Language
) -> None:
    name, fail = fragile_endpoint
    reads.forget()
    at = open_page("forecast", language)
    rows = Settings().actuals.read_bytes().splitlines(keepends=True)
    open_actuals(at)
    at.file_uploader(key="actuals_upload").upload("moving.csv", b"".join(rows[:-1])).run()
    at.selectbox(key="forecast_endpoint").set_value(name).run()
    assert not at.warning
    shown = figures(at)[0]
    fail.touch()
    # The actuals move on by a day, of which nothing has been asked yet, so that it is asked now.
    open_actuals(at)
    at.file_uploader(key="actuals_upload").upload("moving.csv", b"".join(rows)).run()
    assert at.selectbox(key="forecast_endpoint").value == name
    assert name in at.warning[0].value.replace("\\", "")
    assert open_reader(language).t("chart.forecast") in traces(at)
    assert len(figures(at)[0]["data"]) == len(shown["data"])
