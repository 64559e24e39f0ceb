"""A page with the parts of the Forecast page that are about the past and about other forecasts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.forecasts import ForecastView
from backend.track_record import record
from dashboard.board_content import standing_of
from dashboard.components.comparison import show_comparison
from dashboard.components.how_right import show_how_right
from dashboard.components.sentences import show_sentences
from dashboard.i18n import open_reader
from tests.backend.forecast_examples import (
    bundled,
    course_model,
    past_forecasts,
    season_regression,
    sundays,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("course", "regression")
SERIES = bundled()


@cache
def views() -> dict[str, ForecastView]:
    """What the endpoints of the course's model and of one that fits would show."""
    found = {}
    for model in (course_model(), season_regression(SERIES)):
        vintages = past_forecasts(model, SERIES, [*sundays(SERIES), SERIES.origin], 90)
        found[model.name] = ForecastView(SERIES, vintages[-1], tuple(vintages[:-1]), live=True)
    return found


def show() -> None:
    """Draw what the session's `parts` ask for."""
    chosen: Mapping[str, Any] = st.session_state["parts"]
    reader = open_reader(chosen["language"])
    view = views()[chosen["shown"]]
    if "past" in chosen:
        view = ForecastView(view.actuals, view.future, view.past[: chosen["past"]], live=True)
    asked: list[str] = []

    def load(name: str) -> ForecastView:
        asked.append(name)
        other: ForecastView = chosen.get("other", views()[name])
        return other

    past = record(view)
    standing = standing_of(reader, view, past)
    show_sentences(reader.t("signal.title"), standing.signals)
    show_how_right(reader, SERIES, standing, view.future)
    others = chosen.get("others", [name for name in NAMES if name != chosen["shown"]])
    show_comparison(reader, SERIES, view, others, load)
    st.session_state["asked"] = asked
