"""An endpoint's state by word, icon and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import streamlit as st

if TYPE_CHECKING:
    from backend.services import State
    from dashboard.i18n import Reader

Colour = Literal["green", "blue", "red", "orange"]

LOOKS: dict[State, tuple[Colour, str]] = {
    "Healthy": ("green", ":material/check_circle:"),
    "Transitioning": ("blue", ":material/hourglass_top:"),
    "Unhealthy": ("orange", ":material/warning:"),
    "Unschedulable": ("orange", ":material/block:"),
    "Failed": ("red", ":material/error:"),
}


def state_badge(reader: Reader, state: State, *, name: str = "") -> None:
    """A pill with the state, after the endpoint's name if given; its help says what the state means."""
    colour, icon = LOOKS[state]
    word = reader.t(f"state.{state}")
    st.badge(
        f"{name} · {word}" if name else word,
        icon=icon,
        color=colour,
        help=reader.t(f"state.help.{state}"),
    )
