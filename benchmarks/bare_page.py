"""The least that a page with a chart can be, run by Streamlit: what it and plotly take by themselves."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

DAYS, WEEK = 91, 7

st.set_page_config(layout="wide")
line = go.Scatter(y=[day % WEEK for day in range(DAYS)], mode="lines")
st.plotly_chart(go.Figure([line]), key="chart", alt="A line that goes up each week.")
