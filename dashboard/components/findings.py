"""What stands out in the actuals, a calm line each under the chart; nothing when there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.feedback import plain
from dashboard.findings import finding_sentence, worth_telling
from dashboard.headline import unit_of

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from dashboard.i18n import Reader


def show_findings(reader: Reader, series: Actuals) -> None:
    """One caption for each finding that is worth telling."""
    told = worth_telling(series)
    if not told:
        return
    with st.container(gap="xxsmall", key="actuals_findings"):
        for finding in told:
            sentence = finding_sentence(reader, finding, series.frequency, unit_of(series))
            st.caption(f":material/info: {plain(sentence)}")
