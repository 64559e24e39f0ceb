"""Yosoku's forecasts beside those of statsforecast and Prophet, and the gate on the course's series."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tqdm import tqdm

from backend.accuracy import LEVELS
from benchmarks.champion_forecasts import Question, ask_champion, kept_champion, question_of
from benchmarks.course_gate import HORIZON, ORDER, ORIGINS, course_forecasts, course_series, gate_scores
from benchmarks.forecast_errors import SEASONAL_NAIVE, collection_errors, seasonal_naive, series_errors
from benchmarks.measurement import Measurement, measurement
from benchmarks.peer_environment import PeerUnavailable
from benchmarks.peer_forecasts import PEERS, ask, kept
from benchmarks.performance_page import CELL
from benchmarks.series_collections import all_series

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.course_gate import GateScores
    from benchmarks.forecast_errors import CollectionErrors, SeriesErrors
    from benchmarks.measurement import Better
    from benchmarks.product import Product
    from benchmarks.series_collections import BenchmarkSeries

OURS = "Yosoku"
COURSE_ARIMA = f"ARIMA({','.join(map(str, ORDER))})"
MASE_BOUND = 1.0
RMSE_BOUND, CRPS_BOUND = 0.82, 0.76
# Percent: at least, at most.
COVERAGE_80_BOUNDS, COVERAGE_95_BOUNDS = (77.0, 88.0), (91.0, 98.0)
TITLE = "Forecast accuracy"
METHOD = f"""
47 real series, from 3 origins each: AdventureWorks' daily revenue of 6 countries x 3 categories, the last 12
weeks in horizons of 28 days; five public series (daily, monthly) and the 24 in time that ship inside
statsmodels (monthly, quarterly, annual), 28 days, 12 months, 8 quarters or 8 years ahead. Yosoku's forecast
is that of the champion which training would have chosen at that origin, by backtests that end before it, not
the best in hindsight. (The settings of the rule by which it chooses are the same everywhere, but they were
settled on these series.) The peers are statsforecast's AutoARIMA, AutoETS and AutoTheta and Prophet, pinned,
in an environment of their own, with their defaults and told the season. MASE is scaled by the seasonal naive
error within what each origin could see; a bounded line is the ratio of two mean MASE. Seconds are the
processor's: for Yosoku the backtests of all that may become champion and the choice, for a peer one fit and
forecast an origin.

The course's series: the champion from {len(ORIGINS)} weekly origins, the first 2013-12-31, {HORIZON} days
ahead, against the course's {COURSE_ARIMA}, refitted by statsmodels at the same origins. CRPS is twice the
mean pinball loss at 0.05, 0.10, ..., 0.95. Forecasts are kept until the series, our sources or a pinned
version change; their seconds are those of the run that made them.
"""

WHERE_THE_TIME_GOES = """
in fitting. A peer fits one model an origin; Yosoku fits some twenty at the origin and at the eight before it
that it judges them by. More than four fifths go into seasonal ARIMA models, structural ones and the ARIMA of
a decomposition, whose likelihoods statsmodels climbs step by step; the candidates in closed form take next
to nothing, and so does the choice (0.2 s a series).
"""


def measure(_product: Product) -> list[Measurement]:
    """Forecast what isn't kept yet, then hold everything against what came."""
    series, course = all_series(), course_series()
    gate = Question("the course's series", course, HORIZON, ORIGINS)
    ask_everyone(series, [gate])
    champion = kept_champion(gate)
    assert champion is not None
    return [
        *comparison_lines(collection_errors(list(errors(series)))),
        *gate_lines(gate_scores(course, champion), gate_scores(course, course_forecasts(course.values))),
    ]


def ask_everyone(series: Sequence[BenchmarkSeries], more: Sequence[Question] = ()) -> None:
    """Ask the peers, then the champion, what isn't kept; says so when the peers can't be asked.

    `more` are questions for the champion alone. Raises PeerFailed when a peer gives no forecast.
    """
    asked = [(peer, one) for peer in PEERS for one in series]
    missing = [one for one in asked if kept(*one) is None]
    try:
        for _ in tqdm(ask(missing), "peers", len(missing), disable=None, leave=False):
            pass
    except PeerUnavailable as error:
        peers = dict.fromkeys(peer for peer, _ in missing)
        print(f"Skipped in this comparison: {', '.join(peers)} ({error})", file=sys.stderr)
    questions = [*map(question_of, series), *more]
    unanswered = [one for one in questions if kept_champion(one) is None]
    for _ in tqdm(ask_champion(unanswered), OURS, len(unanswered), disable=None, leave=False):
        pass


def errors(series: Sequence[BenchmarkSeries]) -> Iterator[SeriesErrors]:
    """The errors on every series: ours, those of the peers that forecast all, the seasonal naive one's."""
    peers = [peer for peer in PEERS if all(kept(peer, one) is not None for one in series)]
    for one in series:
        champion = kept_champion(question_of(one))
        assert champion is not None, f"{one.name} was not forecast"
        yield series_errors(OURS, one, [forecast.with_limits() for forecast in champion])
        for peer in peers:
            yield series_errors(peer, one, kept(peer, one) or ())
        yield series_errors(SEASONAL_NAIVE, one, seasonal_naive(one))


def comparison_lines(found: Sequence[CollectionErrors]) -> list[Measurement]:
    """Our mean MASE over each peer's, per collection and overall; then the table of all of their figures."""
    mase = {(one.collection, one.method): one.mase for one in found}
    ratios = [
        measurement(
            f"{TITLE}: {OURS} / {one.method}, mean MASE, {one.collection}",
            mase[one.collection, OURS] / one.mase,
            "x",
            bound=MASE_BOUND,
        )
        for one in found
        if one.method in PEERS
    ]
    return [*ratios, *(cell for one in found for cell in _cells(one))]


def gate_lines(champion: GateScores, course: GateScores) -> list[Measurement]:
    """Our errors over those of the course's model, and how often what came was inside the limits."""
    rivals = f"course's series, {OURS} / {COURSE_ARIMA}"
    return [
        measurement(f"{TITLE}: {rivals}, RMSE", champion.rmse / course.rmse, "x", bound=RMSE_BOUND),
        measurement(f"{TITLE}: {rivals}, CRPS", champion.crps / course.crps, "x", bound=CRPS_BOUND),
        *_between("coverage at 80 % on weekdays", champion.weekday_coverage_80, COVERAGE_80_BOUNDS),
        *_between("coverage at 80 % on weekends", champion.weekend_coverage_80, COVERAGE_80_BOUNDS),
        *_between("coverage at 95 %", champion.coverage_95, COVERAGE_95_BOUNDS),
        # Our coverage is in the lines before.
        *_reported(OURS, champion)[:2],
        *_reported(COURSE_ARIMA, course),
    ]


def _between(figure: str, share: float, bounds: tuple[float, float]) -> list[Measurement]:
    sides: tuple[tuple[str, Better], ...] = (("not too low", "higher"), ("not too high", "lower"))
    return [
        measurement(
            f"{TITLE}: course's series, {OURS}, {figure}, {side}",
            100 * share,
            "%",
            better=better,
            bound=bound,
        )
        for (side, better), bound in zip(sides, bounds, strict=True)
    ]


def _reported(name: str, scores: GateScores) -> list[Measurement]:
    figures: tuple[tuple[str, float, str], ...] = (
        ("RMSE", scores.rmse, "USD"),
        ("CRPS", scores.crps, "USD"),
        ("coverage at 80 % on weekdays", 100 * scores.weekday_coverage_80, "%"),
        ("coverage at 80 % on weekends", 100 * scores.weekend_coverage_80, "%"),
        ("coverage at 95 %", 100 * scores.coverage_95, "%"),
    )
    return [
        measurement(f"{TITLE}: course's series, {name}, {figure}", value, unit)
        for figure, value, unit in figures
    ]


def _cells(one: CollectionErrors) -> list[Measurement]:
    """A row of the page's table."""
    figures: list[tuple[str, float, str, Better]] = [
        ("mean MASE", one.mase, "x", "lower"),
        ("geometric mean MASE", one.typical_mase, "x", "lower"),
        ("RMSE / seasonal naive", one.rmse_ratio, "x", "lower"),
        *(
            (f"coverage at {level} %", 100 * one.coverage[level], "%", "higher")
            for level in LEVELS
            if level in one.coverage
        ),
    ]
    if one.method != SEASONAL_NAIVE:
        figures.append(("processor's seconds", one.seconds, "s", "lower"))
    return [
        measurement(f"{TITLE}: {one.collection}, {one.method}{CELL}{column}", value, unit, better=better)
        for column, value, unit, better in figures
    ]
