"""Two forecasts side by side, in sentences; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.totals import adds_up
from dashboard.board import Sentence
from dashboard.headline import unit_of
from dashboard.moments import when

if TYPE_CHECKING:
    from backend.actuals import Actuals
    from backend.comparison import Ahead, Closer
    from backend.forecast_types import Vintage
    from dashboard.i18n import Reader


def closer_sentence(reader: Reader, series: Actuals, found: Closer, first: str, second: str) -> Sentence:
    """Which of two endpoints was closer so far, on how many steps and by how much, if that can be told."""
    unit = unit_of(series)
    winner, loser = (first, second) if found.first_closer >= found.second_closer else (second, first)
    won = max(found.first_closer, found.second_closer)
    errors = {first: found.first_error, second: found.second_error}
    key = "alike"
    if found.told_apart:
        key = "closer" if errors[winner] <= errors[loser] else "closer_but"
    return Sentence(
        reader.t(
            f"comparison.{key}",
            winner=winner,
            loser=loser,
            won=reader.number(won),
            count=reader.number(found.count),
            steps=reader.t(f"calibration.steps.{series.frequency}"),
            winner_error=reader.amount(errors[winner], unit),
            loser_error=reader.amount(errors[loser], unit),
        )
    )


def ahead_sentence(reader: Reader, series: Actuals, ahead: Ahead, first: str, second: str) -> Sentence:
    """What two endpoints expect of the same coming steps."""
    return Sentence(
        reader.t("comparison.ahead", first=first, second=second, **_values(reader, series, ahead))
    )


def then_sentence(reader: Reader, series: Actuals, ahead: Ahead, then: Vintage) -> Sentence:
    """What an earlier forecast expected of the coming steps, and what is expected of them now."""
    issued = when(reader, then.origin, series.frequency)
    return Sentence(reader.t("comparison.then", then=issued, **_values(reader, series, ahead)))


def since_then_sentence(reader: Reader, series: Actuals, then: Vintage, count: int, error: float) -> Sentence:
    """How an earlier forecast has done over the steps that have come since."""
    return Sentence(
        reader.t(
            "comparison.since_then",
            then=when(reader, then.origin, series.frequency),
            count=reader.number(count),
            steps=reader.t(f"calibration.steps.{series.frequency}"),
            error=reader.amount(error, unit_of(series)),
        )
    )


def _values(reader: Reader, series: Actuals, ahead: Ahead) -> dict[str, str]:
    """The figures of coming steps: sums of what adds up, else means."""
    unit, count = unit_of(series), len(ahead.steps)
    divisor = 1 if adds_up(series) else count
    change = ahead.change
    return {
        "count": reader.number(count),
        "steps": reader.t(f"calibration.steps.{series.frequency}"),
        "measure": reader.t("comparison.total" if adds_up(series) else "comparison.mean"),
        "first_value": reader.amount(ahead.first_total / divisor, unit),
        "second_value": reader.amount(ahead.second_total / divisor, unit),
        "change": reader.t("kpi.unknown") if change is None else reader.signed_percent(change),
    }
