"""Things to know, a line each with the sign of its tone, and what to do below."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.feedback import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboard.board import Sentence, Tone

SIGNS: dict[Tone, str] = {
    "good": ":green[:material/check_circle:]",
    "bad": ":orange[:material/warning:]",
    "calm": ":gray[:material/info:]",
}


def show_sentences(title: str, sentences: Sequence[Sentence], *, key: str) -> None:
    """Sentences under a title, each with the sign of its tone; nothing when there are none."""
    if not sentences:
        return
    with st.container(gap="xsmall", key=key):
        st.markdown(f"**{plain(title)}**")
        for sentence in sentences:
            st.markdown(f"{SIGNS[sentence.tone]}&ensp;{plain(sentence.text)}")
            if sentence.advice:
                st.caption(plain(sentence.advice))
