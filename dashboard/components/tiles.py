"""The board's tiles on the page: figure, remark, and its course as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.feedback import plain
from dashboard.sparkline import sparkline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.board import Tile

SHORTEST = 150  # pixels; all in a row on a desk, two by two on a phone


def show_tiles(tiles: Sequence[Tile]) -> None:
    """The tiles in a row, or in rows of two on a phone."""
    with st.grid(len(tiles), min_column_width=SHORTEST):
        for tile in tiles:
            _tile(tile)


def _tile(tile: Tile) -> None:
    """The remark is a caption, since a metric's own delta is cut off where a phone leaves no room."""
    with st.container(border=True, height="stretch", gap="xxsmall"):
        st.metric(tile.label, tile.value, help=tile.meaning)
        if len(tile.course) > 1:
            # A metric's own chart is drawn by a second engine, without an alternative text.
            st.image(sparkline(tile.course), width="stretch", alt=tile.course_words)
        if tile.remark:
            st.caption(plain(tile.remark))
