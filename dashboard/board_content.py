"""From forecasts and what came of them to a board: every sentence, figure and table of the page; pure but for
`make_board`, which reads what people and deployments left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from backend import notes
from backend.deployments import deployed_to
from backend.forecast_components import components
from backend.horizons import FAR_STEPS, NEXT_STEPS
from backend.outlook import outlook
from backend.signals import find_signals
from backend.track_record import misses, record
from dashboard.board import Board, Sentence
from dashboard.board_tables import days_table, figures_table
from dashboard.calibration_words import calibration_sentences, lead_time_table, miss_sentences
from dashboard.chart_words import chart_words
from dashboard.charts import Lines
from dashboard.headline import byline, headline, lead, unit_of
from dashboard.notes_words import note_text
from dashboard.provenance import explained_steps
from dashboard.series import RANGES, future_frame, window
from dashboard.signal_words import signal_sentence
from dashboard.tiles import tiles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.actuals import Actuals
    from backend.application import Application
    from backend.deployments import Deployed
    from backend.forecast_components import Components
    from backend.forecasts import ForecastView
    from backend.notes import Note
    from backend.track_record import Record
    from dashboard.board import Tile
    from dashboard.chart_style import Levels
    from dashboard.i18n import Reader


@dataclass(frozen=True)
class Choices:
    """What a reader chose to see: steps ahead, steps of history (0 is all), bands, what was said before."""

    horizon: int
    steps: int
    levels: Levels = "both"
    said: bool = True


@dataclass(frozen=True)
class Standing:
    """What a board says whatever a reader chooses to see: made once for forecasts, notes and language."""

    title: str
    lead: str
    byline: str
    tiles: tuple[Tile, ...]
    signals: tuple[Sentence, ...]
    calibration: tuple[Sentence, ...]
    misses: tuple[Sentence, ...]
    notes: tuple[Sentence, ...]
    accuracy: pd.DataFrame
    components: Components | None
    flags: pd.DataFrame


def make_board(
    application: Application,
    reader: Reader,
    view: ForecastView,
    endpoint: str,
    plan: pd.DataFrame | None = None,
) -> Board:
    """The board of an endpoint's forecasts that were asked already, as the page shows it at first."""
    series = view.actuals
    pinned = notes.notes_of(application.history, series.name)
    past = record(view, notes.excluded_ranges(pinned))
    standing = standing_of(reader, view, past, pinned, deployed_to(application.jobs, endpoint))
    choices = Choices(FAR_STEPS[series.frequency], RANGES[series.frequency][1])
    return board_of(reader, view, past, standing, choices, plan)


def standing_of(
    reader: Reader,
    view: ForecastView,
    past: Record,
    pinned: Sequence[Note] = (),
    deployed: Sequence[Deployed] = (),
) -> Standing:
    """Sentences, tiles and tables of a view of forecasts, and of how right the past ones were."""
    series = view.actuals
    spans = dict.fromkeys((NEXT_STEPS[series.frequency], FAR_STEPS[series.frequency]))
    outlooks = (
        tuple(outlook(series, view.future, steps, past.pairs) for steps in spans) if view.future else ()
    )
    outlooks = tuple(ahead for ahead in outlooks if ahead.steps)
    ahead = outlooks[0] if outlooks else None
    signals = find_signals(series, past.pairs, pinned, vintages=view.issued)
    return Standing(
        title=headline(reader, series, view, ahead),
        lead=lead(reader, series, ahead, past.last),
        byline=byline(reader, series, view, past.judged),
        tiles=tiles(reader, series, future_frame(view.future), outlooks, past),
        signals=tuple(signal_sentence(reader, series, signal) for signal in signals),
        calibration=(*calibration_sentences(reader, series, past.pairs), *_left_out(reader, series, past)),
        misses=miss_sentences(reader, series, past.pairs),
        notes=tuple(Sentence(note_text(reader, note, series.frequency)) for note in pinned),
        accuracy=lead_time_table(reader, series, past.pairs),
        components=components(view.future, series) if view.future else None,
        flags=_flags(reader, series, pinned, deployed),
    )


def board_of(
    reader: Reader,
    view: ForecastView,
    past: Record,
    standing: Standing,
    choices: Choices,
    plan: pd.DataFrame | None = None,
) -> Board:
    """What stands, with the chart and tables of what a reader chose to see."""
    series = view.actuals
    lines = _lines(view, past, choices, standing.flags, plan)
    return Board(
        name=series.name,
        title=standing.title,
        lead=standing.lead,
        byline=standing.byline,
        tiles=standing.tiles,
        lines=lines,
        words=chart_words(
            reader,
            unit_of(series),
            miss_level=_miss_level(choices),
            size=float(series.frame["y"].abs().mean()),
            frequency=series.frequency,
        ),
        alt=reader.t("forecast.chart_alt", message=standing.title, misses=len(lines.misses)),
        steps=explained_steps(reader, lines, series.frequency),
        signals=standing.signals,
        calibration=standing.calibration,
        misses=standing.misses,
        notes=standing.notes,
        accuracy=standing.accuracy,
        days=days_table(reader, series, lines.future),
        figures=figures_table(series, lines.future, past.said),
    )


def _left_out(reader: Reader, series: Actuals, past: Record) -> list[Sentence]:
    """How many steps notes keep out of the figures, where they do."""
    if not past.left_out:
        return []
    count, whole = reader.number(past.left_out), reader.number(len(past.said))
    steps = reader.t(f"calibration.steps.{series.frequency}")
    return [Sentence(reader.t("calibration.left_out", count=count, whole=whole, steps=steps))]


def _miss_level(choices: Choices) -> int:
    """The band outside of which an actual is marked."""
    return 80 if choices.levels == "80" else 95


def _flags(
    reader: Reader, series: Actuals, pinned: Sequence[Note], deployed: Sequence[Deployed]
) -> pd.DataFrame:
    """Notes and deployments: first, last, text; a note is as long as its steps."""
    step = pd.tseries.frequencies.to_offset(series.calendar)
    rows = [
        (note.first, max(note.last, note.first + step), note_text(reader, note, series.frequency))
        for note in pinned
    ]
    for one in deployed:
        moment = one.moment.replace(tzinfo=None)
        rows.append((moment, moment, reader.t("chart.deployed", model=one.model)))
    return pd.DataFrame(rows, columns=["first", "last", "text"])


def _lines(
    view: ForecastView, past: Record, choices: Choices, flags: pd.DataFrame, plan: pd.DataFrame | None
) -> Lines:
    series = view.actuals
    # A forecast from the end of old training data lies before the days that a range would show.
    steps = choices.steps if view.future is not None else 0
    outside = misses(past.said, _miss_level(choices))
    actual, said, rings = window([series.frame, past.said, outside], steps, series.frame)
    future = future_frame(view.future.within(choices.horizon) if view.future else None)
    shown = pd.concat([actual["ds"], future["ds"]])
    lines = Lines(
        actual, future, flags=flags[(flags["last"] >= shown.min()) & (flags["first"] <= shown.max())]
    )
    if plan is not None:
        lines = replace(lines, plan=plan[plan["ds"].between(shown.min(), shown.max())])
    return replace(lines, said=said, misses=rings) if choices.said else lines
