"""Notes on a series: everyone's, each with its day, and a form to pin another one."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend import notes
from backend.errors import YosokuError
from backend.notes import NOTE_KINDS, TEXT_LENGTH
from backend.series_calendar import has_hours
from dashboard import forecast_reads
from dashboard.components.feedback import plain, show_error
from dashboard.moments import when
from dashboard.notes_words import note_days
from dashboard.session import application

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from backend.notes import Note, NoteKind
    from dashboard.i18n import Reader

ICONS: dict[NoteKind, str] = {
    "campaign": ":material/campaign:",
    "outage": ":material/power_off:",
    "other": ":material/push_pin:",
}
# Whose steps are days or shorter: their notes are pinned to days, those of others to steps.
BY_DAY = ("h", "D", "B")
SHOWN, HEIGHT = 8, 320  # notes, pixels; more of them scroll
NEWS, ROUND = "notes_news", "notes_round"


def show_notes(reader: Reader, series: Actuals) -> None:
    """The notes on a series with a way to remove each, and the form that pins one; a change runs the page
    anew."""
    _tell_news(reader)
    found = notes.notes_of(application().history, series.name)
    with st.container(key="notes", gap="small"):
        if not found:
            st.caption(reader.t("notes.none"))
        with st.container(height=HEIGHT if len(found) > SHOWN else "content", border=False, gap="xxsmall"):
            for note in found:
                _show_note(reader, series, note)
        # A new round is a form that is empty and closed again.
        turn = st.session_state.setdefault(ROUND, 0)
        with st.popover(reader.t("notes.pin"), icon=":material/push_pin:", key=f"notes_panel_{turn}"):
            _pin(reader, series, turn)


def _show_note(reader: Reader, series: Actuals, note: Note) -> None:
    days = note_days(reader, note, series.frequency)
    mark = f" :gray-badge[{reader.t('notes.left_out_mark')}]" if note.excluded else ""
    kind = reader.t(f"notes.kind.{note.kind}")
    with st.container(key=f"note_{note.id}"):
        left, right = st.columns([7, 1], vertical_alignment="center", gap="small")
        left.markdown(f"{ICONS[note.kind]} **{days}** · {kind} · {plain(note.text)}{mark}")
        pressed = right.button(
            reader.t("notes.remove"),
            icon=":material/close:",
            key=f"note_remove_{note.id}",
            type="tertiary",
            help=reader.t("notes.remove_help", days=days),
        )
    if pressed:
        try:
            notes.remove(application().history, note.id)
        except YosokuError as error:
            show_error(reader, error)
            return
        _changed(reader.t("notes.removed", days=days))


def _pin(reader: Reader, series: Actuals, turn: int) -> None:
    with st.form(f"notes_form_{turn}", border=False):
        first, last = _choose_range(reader, series, turn)
        text = st.text_input(
            reader.t("notes.text"),
            max_chars=TEXT_LENGTH,
            placeholder=reader.t("notes.text_placeholder"),
            key=f"notes_text_{turn}",
            autocomplete="off",
        )
        kind = st.segmented_control(
            reader.t("notes.kind"),
            NOTE_KINDS,
            default="campaign",
            required=True,
            format_func=lambda each: f"{ICONS[each]} {reader.t(f'notes.kind.{each}')}",
            key=f"notes_kind_{turn}",
        )
        excluded = st.toggle(
            reader.t("notes.exclude"), key=f"notes_exclude_{turn}", help=reader.t("notes.exclude_help")
        )
        pressed = st.form_submit_button(
            reader.t("notes.save"), type="primary", icon=":material/push_pin:", key=f"notes_save_{turn}"
        )
    if not pressed:
        return
    try:
        note = notes.pin(application().history, series, first, last, text or "", kind, excluded)
    except YosokuError as error:
        show_error(reader, error)
        return
    _changed(reader.t("notes.pinned", days=note_days(reader, note, series.frequency)))


def _choose_range(reader: Reader, series: Actuals, turn: int) -> tuple[datetime, datetime]:
    """The first and the last moment of a note; the newest step at first."""
    low, high = notes.bounds(series)
    if series.frequency in BY_DAY:
        chosen = st.date_input(
            reader.t("notes.days"),
            value=(series.origin.date(), series.origin.date()),
            min_value=low.date(),
            max_value=high.date(),
            key=f"notes_days_{turn}",
            help=reader.t("notes.days_help"),
        )
        days = chosen if isinstance(chosen, tuple) else (chosen,)
        first, last = (days[0], days[-1]) if days else (series.origin.date(),) * 2
        return datetime.combine(first, time.min), _end(last, series)
    steps = pd.date_range(series.frame["ds"].iloc[0], high, freq=series.calendar).to_pydatetime().tolist()
    newest = steps.index(series.origin)
    left, right = st.columns(2)
    begin, end = (
        place.selectbox(
            reader.t(f"notes.{name}"),
            steps,
            index=newest,
            format_func=lambda step: when(reader, step, series.frequency),
            key=f"notes_{name}_{turn}",
        )
        for place, name in ((left, "first"), (right, "last"))
    )
    return begin, end


def _end(day: date, series: Actuals) -> datetime:
    """The last moment of a day that a step can have."""
    return datetime.combine(day, time.max if has_hours(series.frequency) else time.min)


def _changed(news: str) -> None:
    """Run the page anew, which then says what happened."""
    forecast_reads.forget_remembered()
    st.session_state[NEWS] = news
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.rerun()


def _tell_news(reader: Reader) -> None:
    news = st.session_state.pop(NEWS, None)
    if news:
        st.toast(plain(news), icon=":material/check_circle:")
