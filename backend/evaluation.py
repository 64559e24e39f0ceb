"""Champion and challenger: whether a newly trained model may take the registered champion's place (pure).

The rule of the study behind this product: a champion is replaced only by a challenger whose CRPS is more than
5 % lower over at least four past origins, both measured on the same ones, and whose RMSE is not higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backend.errors import InvalidReport
from backend.training_report import CHALLENGER, REGISTERED

if TYPE_CHECKING:
    from backend.training_report import Standing, TrainingReport

Outcome = Literal["first", "better", "not_better", "unmeasured"]
Reason = Literal["first", "better", "crps", "rmse", "few_origins", "unmeasured"]
Fit = Literal["narrow", "right", "wide"]

LEAST_GAIN = 0.05  # share by which the CRPS must be lower
LEAST_ORIGINS = 4
# Shares of actuals inside their range that are called right, by level in percent; at another level, this far
# from it on both sides.
RIGHT_COVERAGE = {80: (0.77, 0.88), 95: (0.91, 0.98)}
RIGHT_DISTANCE = 0.05


@dataclass(frozen=True)
class Verdict:
    """The judgement with its figures; ratios are challenger : champion, None where the champion's is zero or
    unknown. `won` counts the origins at which the challenger's CRPS was lower."""

    outcome: Outcome
    reason: Reason
    origins: int
    won: int | None = None
    crps_ratio: float | None = None
    rmse_ratio: float | None = None

    @property
    def may_register(self) -> bool:
        """Whether the challenger is registered without asking anybody."""
        return self.outcome in ("first", "better")


def judge(report: TrainingReport, *, has_champion: bool | None = None) -> Verdict:
    """The challenger against the registered champion, as one report measured both.

    `has_champion` says that the registry has a champion of the name: where the report has no figures of it,
    the verdict is "unmeasured". InvalidReport when the two were measured on different origins.
    """
    champion = report.standing(REGISTERED)
    origins = len(report.settings.origins)
    if champion is None and not has_champion:
        return Verdict("first", "first", origins)
    challenger = report.standing(CHALLENGER)
    ours, theirs = _figures(challenger), _figures(champion)
    if not (challenger and champion and ours and theirs):
        return Verdict("unmeasured", "unmeasured", origins)
    pairs = _pairs(report, challenger, champion)
    won = sum(first < second for first, second in pairs)
    (crps, rmse), (champion_crps, champion_rmse) = ours, theirs
    reason: Reason = "better"
    if len(pairs) < LEAST_ORIGINS:
        reason = "few_origins"
    elif not crps < (1 - LEAST_GAIN) * champion_crps:
        reason = "crps"
    elif rmse > champion_rmse:
        reason = "rmse"
    outcome: Outcome = "better" if reason == "better" else "not_better"
    return Verdict(outcome, reason, len(pairs), won, _ratio(crps, champion_crps), _ratio(rmse, champion_rmse))


def judge_coverage(level: int, share: float) -> Fit:
    """Whether the range of `level` percent is as wide as it says; `share` of the actuals fell inside it."""
    low, high = RIGHT_COVERAGE.get(level, (level / 100 - RIGHT_DISTANCE, level / 100 + RIGHT_DISTANCE))
    told = round(share, 2)  # a share is read in whole percent, beside bounds in whole percent
    if told < low:
        return "narrow"
    return "wide" if told > high else "right"


def _figures(row: Standing | None) -> tuple[float, float] | None:
    """CRPS and RMSE of a row that has both."""
    return (row.crps, row.rmse) if row and row.crps is not None and row.rmse is not None else None


def _pairs(report: TrainingReport, challenger: Standing, champion: Standing) -> list[tuple[float, float]]:
    """The CRPS of both at each origin."""
    ours, theirs = report.by_origin(challenger.name), report.by_origin(champion.name)
    if set(ours) != set(theirs):
        raise InvalidReport(
            "report.json: the challenger and the champion were measured on different origins.",
            field="origins",
            code="report.origins",
        )
    return [(ours[origin].crps, theirs[origin].crps) for origin in ours]


def _ratio(ours: float, theirs: float) -> float | None:
    return ours / theirs if theirs else None
