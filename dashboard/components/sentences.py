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


def show_sentences(title: str, sentences: Sequence[Sentence]) -> None:
    """Sentences under a title, each with the sign of its tone; nothing when there are none."""
    if sentences:
        st.markdown("\n\n".join([f"**{plain(title)}**", *(_paragraph(one) for one in sentences)]))


def _paragraph(sentence: Sentence) -> str:
    text = f"{SIGNS[sentence.tone]}&ensp;{plain(sentence.text)}"
    return f"{text}  \n:small[{plain(sentence.advice)}]" if sentence.advice else text
