"""What executives open on the Forecast page: replay, provenance, notes, comparison, a view by its address."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from backend import models, notes, services
from backend.accuracy import pairs
from backend.actuals import read_actuals
from backend.demonstration import ENDPOINT, MODEL
from backend.forecasts import refresh
from backend.scripts import bundled_script
from backend.settings import Settings
from dashboard import reads
from dashboard.board_content import Choices, make_board
from dashboard.i18n import LANGUAGES, Language, open_reader
from dashboard.shared_view import link_to
from tests.dashboard.conftest import OpenPage, deploy_small
from tests.dashboard.pages import figures, open_tab, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.application import Application
    from backend.notes import Note

pytestmark = pytest.mark.usefixtures("demonstration")
SERIES = "adventureworks_daily"
ACTUALS = read_actuals(Settings().actuals, SERIES)


def words_of(at: object) -> str:
    return said(at).replace("\\", "")  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_time_machine_replays_a_day(open_page: OpenPage, language: Language) -> None:
    at = open_page("forecast", language)
    reader = open_reader(language)
    open_tab(at, "time_machine")
    slider = at.select_slider(key="time_machine_origin")
    assert len(slider.options) == 41
    chosen = datetime(2014, 3, 2)
    slider.set_value(chosen).run()
    assert not at.exception
    assert reader.date(chosen) in words_of(at)
    chart = next(figure for figure in figures(at) if figure["layout"].get("shapes"))
    replayed = figures(at)[-1]
    assert replayed["layout"]["shapes"][0]["x0"].startswith("2014-03-02")
    assert chart != replayed
    forecast = next(trace for trace in replayed["data"] if trace["name"] == reader.t("chart.forecast"))
    assert forecast["x"][0].startswith("2014-03-03")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_opens_where_it_comes_from(
    open_page: OpenPage, application: Application, language: Language
) -> None:
    at = open_page("forecast", language)
    reader = open_reader(language)
    at.selectbox(key="provenance_step").set_value("2014-05-30T00:00:00").run()
    kept = application.history.newest_vintages(ENDPOINT, SERIES)
    issuer = next(vintage for vintage in kept if vintage.origin == datetime(2014, 5, 25))
    told = words_of(at)
    assert ENDPOINT in told
    assert reader.duration(issuer.latency_ms / 1000) in told
    assert reader.money(float(ACTUALS.frame.set_index("ds").loc["2014-05-30", "y"])) in told
    assert at.get("page_link"), "it leads to the endpoint's page"


@pytest.fixture
def campaign(application: Application) -> Iterator[Note]:
    """A note on a day that is left out of the figures."""
    day = datetime(2014, 5, 24)
    note = notes.pin(application.history, ACTUALS, day, day, "=Spring campaign", "campaign", excluded=True)
    yield note
    notes.remove(application.history, note.id)


def test_a_note_is_on_everyones_chart_and_out_of_the_figures(
    open_page: OpenPage, application: Application, campaign: Note
) -> None:
    at = open_page("forecast")
    [flags] = [trace for trace in figures(at)[0]["data"] if trace["name"] == "flags"]
    assert flags["text"][0] == "24 May 2014: =Spring campaign (left out of the figures)"
    assert "Notes leave out 1 of 286 days" in words_of(at)
    open_tab(at, "notes")
    assert "=Spring campaign" in words_of(at)
    assert "24 May 2014 stands out" not in words_of(at)


def test_a_note_is_on_the_chart_as_soon_as_it_is_pinned(
    open_page: OpenPage, application: Application
) -> None:
    at = open_page("forecast")
    open_tab(at, "notes")
    at.text_input(key="notes_text_0").set_value("Outage")
    at.button(key="notes_save_0").click().run()
    try:
        [flags] = [trace for trace in figures(at)[0]["data"] if trace["name"] == "flags"]
        assert flags["text"][0] == "31 May 2014: Outage"
    finally:
        [note] = notes.notes_of(application.history, SERIES)
        notes.remove(application.history, note.id)


@pytest.fixture
def second_endpoint(application: Application) -> Iterator[str]:
    """Another endpoint of the same model."""
    [model] = [model for model in models.list_models(application.workspace()) if model.name == MODEL][:1]
    deploy_small(application, "second", model, bundled_script())
    yield "second"
    services.delete_endpoint(application.workspace(), "second")
    reads.forget()


def test_an_address_keeps_its_endpoint_though_another_is_preferred(
    open_page: OpenPage, second_endpoint: str
) -> None:
    reads.forget()
    assert open_page("forecast").selectbox(key="forecast_endpoint").value == ENDPOINT
    at = open_page("forecast", "en", view="read", actuals=SERIES, endpoint=second_endpoint)
    assert at.selectbox(key="forecast_endpoint").value == second_endpoint


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_boards_claims_are_those_of_the_stored_vintages(
    application: Application, language: Language
) -> None:
    """Coverage and the typical miss, recomputed from what the store has."""
    reader = open_reader(language)
    board = make_board(application, reader, refresh(application, ENDPOINT, ACTUALS), ENDPOINT)
    kept = application.history.newest_vintages(ENDPOINT, SERIES)
    table = pairs(ACTUALS.frame, [vintage for vintage in kept if vintage.origin < ACTUALS.origin])
    week = table[table["lead"] <= 7]
    inside = week["y"].between(week["lower_80"], week["upper_80"]).mean()
    tiles = {tile.key: tile for tile in board.tiles}
    assert tiles["coverage"].value == reader.percent(inside)
    assert tiles["miss"].value == reader.money((week["mean"] - week["y"]).abs().mean())
    newest = table.sort_values("lead").drop_duplicates("ds")
    held = newest["y"].between(newest["lower_80"], newest["upper_80"])
    assert reader.percent(held.mean()) in board.calibration[0].text
    assert reader.number(len(newest)) in board.calibration[0].text
    worst = newest.assign(off=(newest["mean"] - newest["y"]).abs())[~held].nlargest(1, "off").iloc[0]
    assert reader.money(worst["y"]) in board.misses[0].text
    assert reader.date(worst["ds"]) in board.misses[0].text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_month_ago_is_compared_with_now(open_page: OpenPage, language: Language) -> None:
    at = open_page("forecast", language)
    open_tab(at, "comparison")
    assert open_reader(language).t("comparison.title") in words_of(at)
    assert len(figures(at)) == 2  # the forecast and the comparison


def test_an_address_opens_the_same_view_and_nothing_that_changes_it(open_page: OpenPage) -> None:
    at = open_page(
        "forecast",
        "ja",
        view="read",
        actuals=SERIES,
        endpoint=ENDPOINT,
        ahead="7",
        range="28",
        band="80",
        past="0",
    )
    names = [trace["name"] for trace in figures(at)[0]["data"]]
    assert "upper_95" not in names
    assert open_reader("ja").t("chart.said") not in names
    forecast = next(trace for trace in figures(at)[0]["data"] if trace["name"] == "予測")
    actual = next(trace for trace in figures(at)[0]["data"] if trace["name"] == "実績")
    assert (len(forecast["x"]), len(actual["x"])) == (7, 28)
    assert not at.get("file_uploader")
    open_tab(at, "days")
    assert "notes_panel_0" not in at.session_state


def test_an_address_that_asks_for_what_is_not_there_shows_the_usual(open_page: OpenPage) -> None:
    at = open_page("forecast", "en", view="read", actuals="gone", endpoint="gone", ahead="5", band="<x>")
    assert at.selectbox(key="forecast_endpoint").value == ENDPOINT
    assert at.segmented_control(key="forecast_horizon_D").value == 28


def test_the_address_says_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    import streamlit as st

    class Context:
        url = "http://127.0.0.1:8501/?lang=en&key=secret"

    monkeypatch.setattr(st, "context", Context())
    monkeypatch.setattr(st, "query_params", {"lang": "ja"})
    address = urlsplit(link_to("sales", "France/Bikes", "demand", Choices(28, 91, "80", said=False)))
    assert address.netloc == "127.0.0.1:8501"
    assert parse_qs(address.query) == {
        "view": ["read"],
        "lang": ["ja"],
        "actuals": ["sales"],
        "part": ["France/Bikes"],
        "endpoint": ["demand"],
        "ahead": ["28"],
        "range": ["91"],
        "band": ["80"],
        "past": ["0"],
    }
