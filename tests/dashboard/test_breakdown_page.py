"""Drill-down as a reader sees it: parts beside each other, one opened, a thousand of them, none at all."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from backend.application import Application
from dashboard.breakdown import CHARTS
from dashboard.i18n import LANGUAGES, Language, open_reader
from tests.dashboard.pages import figures, said


def page(language: str, kind: str) -> None:
    """A page of this component alone; AppTest runs its source."""
    import streamlit as st

    from backend.panel_forecasts import PanelView
    from dashboard.components.breakdown import choose_node, open_node, show_breakdown
    from dashboard.i18n import open_reader
    from tests.dashboard.breakdown_examples import futures_of, panel_of, plan_for

    many = tuple(f"shop {number}" for number in range(1_000))
    panel = panel_of(many, steps=100) if kind == "many" else panel_of()
    futures = {} if kind == "none" else futures_of(panel, South_Rice=50.0, South=82.0)
    plan = {"South/Tea": plan_for(panel, 60.0)} if kind == "plan" else None
    reader = open_reader(language)
    st.title(choose_node(reader, panel))
    st.button("go", key="go", on_click=open_node, args=(panel, panel.nodes[-1]))
    show_breakdown(reader, panel, PanelView(panel, "e", futures, live=True), plan)


def opened(language: Language, kind: str) -> AppTest:
    at = AppTest.from_function(page, args=(language, kind), default_timeout=60).run()
    assert not at.exception, at.exception
    return at


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_parts_are_beside_each_other_and_sorted(language: Language) -> None:
    reader, at = open_reader(language), opened(language, "year")
    assert at.title[0].value == "total"
    assert [note["text"].split("<br>")[0] for note in figures(at)[0]["layout"]["annotations"]] == [
        "<b>South</b>",
        "<b>North</b>",
    ]
    at.segmented_control[0].set_value(2).run()
    assert not at.exception, at.exception
    first = figures(at)[0]["layout"]["annotations"][0]["text"]
    assert first.startswith("<b>South · Rice</b><br>1,400")
    assert "South · Rice" in said(at)
    rows = at.dataframe[0].value
    assert rows["node"][0] == "South · Rice"
    assert list(rows["difference"].abs()) == sorted(rows["difference"].abs(), reverse=True)
    assert "South · Rice" in at.get("plotly_chart")[0].proto.alt
    assert "South · Rice" in at.dataframe[0].proto.alt
    columns = json.loads(at.dataframe[0].proto.columns)
    assert columns["against"]["label"] == reader.t("breakdown.column.year")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_is_drawn_and_the_table_is_against_it(language: Language) -> None:
    reader, at = open_reader(language), opened(language, "plan")
    at.segmented_control[0].set_value(2).run()
    names = [trace.get("name") for trace in figures(at)[0]["data"]]
    assert names.count(reader.t("breakdown.plan")) == 1
    rows = at.dataframe[0].value
    assert (rows["node"][0], rows["against"][0], rows["difference"][0]) == ("South · Tea", 1_680, -784)
    assert rows["against"][1:].isna().all()


def test_a_row_opens_its_node() -> None:
    at = opened("en", "year")
    at.button(key="go").click().run()
    assert at.title[0].value == "South/Rice"
    assert at.selectbox[0].value == "South/Rice"
    at.selectbox[0].set_value("North").run()
    assert at.title[0].value == "North"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_thousand_parts_are_calm(language: Language) -> None:
    reader, at = open_reader(language), opened(language, "many")
    assert len(figures(at)[0]["layout"]["annotations"]) == CHARTS
    assert len(at.dataframe[0].value) == 1_000
    assert reader.t("breakdown.rest", count=reader.number(1_000 - CHARTS)) in said(at)
    assert not at.segmented_control  # there is only one way to tell them apart


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_forecast_it_says_so(language: Language) -> None:
    at = opened(language, "none")
    assert open_reader(language).t("breakdown.none") in said(at)
    assert not at.get("plotly_chart")
    assert not at.dataframe


def sales_page(language: str, actuals: str, made: bool) -> None:
    """The offer of the sales demonstration alone."""
    import streamlit as st

    from backend.services import Endpoint
    from dashboard.components.demonstration import offer_sales
    from dashboard.session import LANGUAGE

    st.session_state[LANGUAGE] = language
    found = Endpoint("sales", "Healthy", properties={"actuals": "adventureworks_sales_daily"})
    offer_sales(actuals, [found] if made else [Endpoint("other", "Healthy")])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sales_demonstration_is_one_click_where_it_is_missing(
    application: Application, language: Language
) -> None:
    def buttons(actuals: str, made: bool) -> list[str]:
        at = AppTest.from_function(sales_page, args=(language, actuals, made), default_timeout=60).run()
        assert not at.exception, at.exception
        return [button.label for button in at.button]

    words = open_reader(language)
    assert buttons("adventureworks_sales_daily", made=False) == [words.t("demonstration.sales_button")]
    assert buttons("adventureworks_sales_daily", made=True) == []
    assert buttons("adventureworks_daily", made=False) == []
