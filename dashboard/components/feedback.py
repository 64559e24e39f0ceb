"""How a page says that something went wrong: what happened and what to do, the evidence folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from backend.errors import YosokuError
    from backend.jobs import JobError
    from dashboard.i18n import Reader


LONG, HEIGHT = 18, 420  # lines, pixels; the last lines of a log say most, so that they are scrolled to


def show_error(reader: Reader, error: YosokuError, *, title: str | None = None) -> None:
    """An error of the backend as a sentence in the reader's language, with its evidence below."""
    st.error(plain(reader.error(error)), title=title, icon=":material/error:")
    show_evidence(reader, error.evidence)


def show_job_error(reader: Reader, error: JobError, *, title: str) -> None:
    """A failed job: what happened, and what to do next; the evidence is for the caller to place."""
    st.error(
        plain(reader.problem(error.code, error.details, error.message)), title=title, icon=":material/error:"
    )
    advice = f"advice.{error.code}"
    if reader.has(advice):
        st.markdown(f"**{reader.t('feedback.next')}** {reader.t(advice)}")


def show_evidence(reader: Reader, evidence: str, *, expanded: bool = False) -> None:
    """What was seen, as it was seen; nothing when there is none."""
    if evidence.strip():
        with st.expander(reader.t("feedback.evidence"), icon=":material/find_in_page:", expanded=expanded):
            lines = evidence.count("\n") + 1
            with st.container(height=HEIGHT if lines > LONG else "content", autoscroll=True, border=False):
                st.code(evidence, language=None, wrap_lines=True)


def cause(text: str) -> str:
    """The line of an error's text that says what was wrong: a traceback's last, otherwise the first."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]


def plain(text: str) -> str:
    """Text with the signs escaped that Streamlit's Markdown would read as formulas, colours or emphasis."""
    for sign in ("\\", "$", "[", "]", "*", "_", "`", "~", "<", ":"):
        text = text.replace(sign, "\\" + sign)
    return text
