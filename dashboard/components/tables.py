"""The tables under the forecast chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.feedback import plain

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.i18n import Reader

HEIGHT = 320  # pixels; the days of a quarter scroll


def show_days(reader: Reader, days: pd.DataFrame) -> None:
    """The forecast step by step with its limits."""
    st.table(days.map(plain), hide_index=True, border="horizontal", height=HEIGHT, alt=reader.t("days.title"))
