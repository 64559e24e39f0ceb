"""The training report: how every contender did, on which origins and data, as report.json."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from .competition import describe
from .frequency import frequency_of
from .measures import LEVELS, Figures, Judged, figures, together
from .quality import inspect
from .standings import CHAMPION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .competition import Competition, CompetitionPlan
    from .series import Series
    from .standings import Standing

FORMAT, VERSION = "yosoku-report", 1

Entry = dict[str, object]


def champion_metrics(competition: Competition) -> Entry:
    """The champion's figures as metric.json has them: what the selection earned without hindsight."""
    total = _total(_champion(competition), competition.contest.scale)
    assert total is not None
    return {
        "RMSE": total.rmse,
        "R2": total.r2,
        "MAE": total.mae,
        "MASE": total.mase,
        "CRPS": total.crps,
        **{f"coverage_{level}": share for level, share in total.coverage.items()},
    }


def report_of(competition: Competition, plan: CompetitionPlan, run_id: str, seconds: float) -> Entry:
    """The report as JSON values; the members are those that docs/training.md lists."""
    series = competition.contest.series
    labels = _labels(competition)
    measured = [standing for standing in competition.standings if standing.judged]
    return {
        "format": FORMAT,
        "version": VERSION,
        "run_id": run_id,
        "model_name": competition.model.id,
        "champion": {
            "name": describe(competition.choice),
            "members": list(competition.choice.members),
            "how": competition.choice.how if len(competition.choice.members) > 1 else "single",
            "interval": interval_name(competition),
        },
        "settings": {
            "horizon": plan.horizon,
            "step": competition.contest.step,
            "season": competition.contest.season,
            "origins": [labels[origin - 1] for origin in competition.contest.scored],
            "candidates": [
                standing.name
                for standing in competition.standings
                if standing.role in ("candidate", "reference")
            ],
            "seed": plan.seed,
            "levels": list(LEVELS),
            "selection": asdict(plan.rule),
        },
        "data": {
            "sha256": series.sha256,
            "rows": len(labels),
            "start": labels[0],
            "end": labels[-1],
            "frequency": series.frequency,
            "series": 1,
        },
        "quality": findings_of(series, competition.contest.season),
        "leaderboard": _leaderboard(competition),
        "lead_times": [row for standing in measured for row in _lead_times(competition, plan, standing)],
        "origins": [
            {"name": standing.name, "origin": labels[origin - 1], **_short(judged)}
            for standing in measured
            for origin, judged in standing.judged.items()
        ],
        "seconds": {
            "total": round(seconds, 3),
            "candidates": {one.name: round(one.seconds, 3) for one in competition.standings if one.seconds},
        },
    }


def findings_of(series: Series, season: int) -> list[Entry]:
    """What stands out in the series; told, never repaired."""
    found = inspect(series.moments, series.values, series.frequency, season=season, filled=series.filled)
    return [asdict(finding) for finding in found]


def interval_name(competition: Competition) -> str:
    """How the champion's intervals are made: gaussian, bootstrap, or bootstrap-grouped."""
    intervals = competition.choice.intervals
    grouped = intervals.method == "bootstrap" and len(intervals.factors) > 1
    return "bootstrap-grouped" if grouped else intervals.method


def _champion(competition: Competition) -> Standing:
    return next(standing for standing in competition.standings if standing.name == CHAMPION)


def _labels(competition: Competition) -> list[str]:
    calendar = frequency_of(competition.contest.series.frequency)
    return [calendar.label(moment) for moment in competition.contest.series.moments]


def _total(standing: Standing, scale: float | None) -> Figures | None:
    return figures(together(list(standing.judged.values())), scale) if standing.judged else None


def _leaderboard(competition: Competition) -> list[Entry]:
    """Best first by CRPS, those that could not be fitted last."""
    rows = []
    for standing in competition.standings:
        total = _total(standing, competition.contest.scale)
        rows.append(
            {
                "name": standing.name,
                "role": standing.role,
                **_figures(total),
                "groups": _groups(competition, standing),
                "error": standing.problem,
            }
        )
    return sorted(rows, key=_by_crps)


def _by_crps(row: Entry) -> tuple[bool, float]:
    crps = row["CRPS"]
    return crps is None, crps if isinstance(crps, float) else 0.0


def _figures(total: Figures | None) -> Entry:
    if total is None:
        return {
            "count": 0,
            **dict.fromkeys(("RMSE", "MAE", "MASE", "R2", "CRPS", "bias")),
            "coverage": None,
        }
    return {
        "count": total.count,
        "RMSE": total.rmse,
        "MAE": total.mae,
        "MASE": total.mase,
        "R2": total.r2,
        "CRPS": total.crps,
        "bias": total.bias,
        "coverage": _coverage(total.coverage),
    }


def _coverage(coverage: Mapping[int, float]) -> Entry:
    return {str(level): share for level, share in coverage.items()}


def _groups(competition: Competition, standing: Standing) -> list[Entry]:
    if not standing.judged:
        return []
    judged = together(list(standing.judged.values()))
    of = competition.contest.groups.of(judged.places)
    found = []
    for number, name in enumerate(competition.contest.groups.names):
        part = figures(judged.chosen(of == number), competition.contest.scale)
        if part is not None:
            found.append({"name": name, "count": part.count, "coverage": _coverage(part.coverage)})
    return found


def _lead_times(competition: Competition, plan: CompetitionPlan, standing: Standing) -> list[Entry]:
    """The errors in a few stretches of the horizon."""
    judged = together(list(standing.judged.values()))
    found = []
    for first, last in lead_stretches(plan.horizon, competition.contest.season):
        part = figures(
            judged.chosen((judged.leads >= first) & (judged.leads <= last)), competition.contest.scale
        )
        if part is not None:
            row: Entry = {"count": part.count, "RMSE": part.rmse, "MAE": part.mae}
            row |= {"MASE": part.mase, "CRPS": part.crps}
            found.append({"name": standing.name, "from": first, "to": last, **row})
    return found


def lead_stretches(horizon: int, season: int) -> list[tuple[int, int]]:
    """A season at a time where the horizon has 2 to 6 of them, else quarters of it."""
    size = season if 1 < season <= horizon // 2 and horizon <= 6 * season else max(1, -(-horizon // 4))
    return [(first, min(first + size - 1, horizon)) for first in range(1, horizon + 1, size)]


def _short(judged: Judged) -> Entry:
    total = figures(judged, None)
    assert total is not None
    return {"count": total.count, "RMSE": total.rmse, "MAE": total.mae, "CRPS": total.crps}
