"""The verdict: a challenger takes over only when it is clearly better on the same origins."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidReport
from backend.evaluation import LEAST_GAIN, LEAST_ORIGINS, judge, judge_coverage
from tests.data.reports import document, report, row, without_champion


def duel(
    ours: list[float], theirs: list[float], *, rmse: tuple[float, float] = (300.0, 320.0)
) -> dict[str, Any]:
    """A report in which the challenger and the champion have these CRPS at as many origins."""
    changed = document()
    days = [f"2014-01-{day:02}" for day in range(1, len(ours) + 1)]
    changed["settings"]["origins"] = days
    changed["origins"] = []
    for name, values, error in (("champion", ours, rmse[0]), ("registered", theirs, rmse[1])):
        row(changed, name).update(CRPS=math.fsum(values) / len(values), RMSE=error)
        changed["origins"] += [
            {"name": name, "origin": day, "count": 28, "RMSE": error, "MAE": 1.0, "CRPS": value}
            for day, value in zip(days, values, strict=True)
        ]
    return changed


def test_the_selection_beats_the_courses_model() -> None:
    verdict = judge(report())
    assert (verdict.outcome, verdict.reason) == ("better", "better")
    assert verdict.may_register
    assert (verdict.won, verdict.origins) == (18, 18)
    assert verdict.crps_ratio == pytest.approx(0.681, abs=0.001)
    assert verdict.rmse_ratio == pytest.approx(0.763, abs=0.001)


def test_without_a_champion_it_is_the_first() -> None:
    alone = report(without_champion())
    assert judge(alone).outcome == "first"
    assert judge(alone).may_register


def test_a_champion_that_could_not_be_measured_is_not_passed_over() -> None:
    verdict = judge(report(without_champion()), has_champion=True)
    assert (verdict.outcome, verdict.may_register, verdict.crps_ratio) == ("unmeasured", False, None)
    changed = document()
    row(changed, "registered").update(CRPS=None, RMSE=None, error="another frequency")
    assert judge(report(changed), has_champion=True).outcome == "unmeasured"


@pytest.mark.parametrize(
    ("ours", "theirs", "rmse", "reason"),
    [
        ([94.0] * 4, [100.0] * 4, (300.0, 320.0), "better"),
        ([95.0] * 4, [100.0] * 4, (300.0, 320.0), "crps"),
        ([94.0] * 4, [100.0] * 4, (320.0, 320.0), "better"),
        ([94.0] * 4, [100.0] * 4, (320.1, 320.0), "rmse"),
        ([50.0] * 3, [100.0] * 3, (300.0, 320.0), "few_origins"),
        ([0.0] * 4, [0.0] * 4, (0.0, 0.0), "crps"),
    ],
    ids=["6 % lower", "5 % lower", "same RMSE", "higher RMSE", "three origins", "both perfect"],
)
def test_the_rule_at_its_bounds(
    ours: list[float], theirs: list[float], rmse: tuple[float, float], reason: str
) -> None:
    verdict = judge(report(duel(ours, theirs, rmse=rmse)))
    assert verdict.reason == reason
    assert verdict.may_register == (reason == "better")


errors = st.floats(0.01, 1e6)


@given(st.lists(st.tuples(errors, errors), min_size=1, max_size=20), errors, errors)
def test_better_means_clearly_lower_and_never_both_ways(
    pairs: list[tuple[float, float]], ours: float, theirs: float
) -> None:
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    there = judge(report(duel(first, second, rmse=(ours, theirs))))
    back = judge(report(duel(second, first, rmse=(theirs, ours))))
    assert not (there.may_register and back.may_register)
    assert there.won is not None
    assert 0 <= there.won <= there.origins == len(pairs)
    if there.may_register:
        assert len(pairs) >= LEAST_ORIGINS
        assert math.fsum(first) < (1 - LEAST_GAIN) * math.fsum(second) * (1 + 1e-9)
        assert ours <= theirs
        assert there.won > 0


def test_other_origins_are_no_comparison() -> None:
    changed = duel([50.0] * 5, [100.0] * 5)
    changed["origins"][0]["origin"] = "2013-12-31"
    with pytest.raises(InvalidReport, match="different origins"):
        judge(report(changed))


@pytest.mark.parametrize(
    ("level", "share", "fit"),
    [
        (80, 0.76, "narrow"),
        (80, 0.77, "right"),
        (80, 0.88, "right"),
        (80, 0.89, "wide"),
        (95, 0.90, "narrow"),
        (95, 0.95, "right"),
        (95, 1.0, "wide"),
        (50, 0.44, "narrow"),
        (50, 0.5, "right"),
        (50, 0.56, "wide"),
    ],
)
def test_a_range_is_as_wide_as_it_says(level: int, share: float, fit: str) -> None:
    assert judge_coverage(level, share) == fit
