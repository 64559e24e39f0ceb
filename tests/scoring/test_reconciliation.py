"""How forecasts of nodes are made to add up, and which way is chosen where MinT can't be had."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace

import numpy as np
import pytest

from scoring.hierarchy import Hierarchy, bottom_up
from scoring.intervals import Intervals
from scoring.kinds.outlook import Matrix, Outlook, Vector
from scoring.reconciliation import NodeBacktest, reconcile

SUMMING = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
"""A total and its two parts."""
MINT_LIKE = np.array([[0.4, 0.6, -0.4], [0.4, -0.4, 0.6]])
"""Weights whose forecasts of the parts lean on the total's."""
FREE = (Intervals("gaussian"),) * 3
POSITIVE = (Intervals("gaussian", lower=0.0),) * 3


@pytest.fixture
def no_mint(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without the extra, whatever is installed here."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "hierarchicalforecast"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hierarchicalforecast", None)


def outlook(mean: Vector | list[float], errors: Vector | None = None) -> Outlook:
    steps = np.asarray(mean, dtype=np.float64)
    known = np.zeros(4) if errors is None else errors
    return Outlook(steps, np.ones(steps.size), 100 - known, known)


def means_of(outlooks: list[Outlook]) -> Matrix:
    return np.stack([one.mean for one in outlooks])


def test_parts_are_held_inside_their_support_before_they_are_summed() -> None:
    forecasts = [outlook([7.0, 9.0]), outlook([-4.0, 2.0]), outlook([10.0, 5.0])]
    plain = Hierarchy(SUMMING, bottom_up(SUMMING))
    assert means_of(plain.reconciled(forecasts, FREE)).tolist() == [[6, 7], [-4, 2], [10, 5]]
    assert means_of(plain.reconciled(forecasts, POSITIVE)).tolist() == [[10, 7], [0, 2], [10, 5]]
    leaning = Hierarchy(SUMMING, MINT_LIKE).reconciled(forecasts, POSITIVE)
    np.testing.assert_allclose(means_of(leaning)[:, 0], [10.4, 0, 10.4], rtol=1e-12)


def test_errors_add_up_and_where_a_part_has_none_a_node_keeps_its_own() -> None:
    missing = np.array([np.nan, np.nan, 3.0, 4.0])
    own = [np.array([9.0, 9.0, 9.0, 9.0]), np.array([1.0, 2.0, 1.0, 2.0]), missing]
    forecasts = [outlook([1.0], errors) for errors in own]
    total, first, second = Hierarchy(SUMMING, bottom_up(SUMMING)).reconciled(forecasts)
    assert total.errors.tolist() == [9, 9, 4, 6]
    assert total.fitted.tolist() == [91, 91, 196, 194]
    np.testing.assert_array_equal(first.errors, own[1])
    np.testing.assert_array_equal(second.errors, missing)


def test_the_error_is_the_nodes_mean_absolute_error_over_their_scales() -> None:
    generator = np.random.default_rng(0)
    actuals = SUMMING @ generator.uniform(10, 20, (2, 30))
    outlooks = {origin: [outlook(generator.uniform(10, 40, 5)) for _ in range(3)] for origin in (20, 23, 27)}
    scales = np.array([3.0, 1.5, 2.0])
    backtest = NodeBacktest(outlooks, actuals, scales, FREE)
    shares = []
    for origin, forecasts in outlooks.items():
        steps = min(5, 30 - origin)
        first, second = (one.mean[:steps] for one in forecasts[1:])
        for node, mean in enumerate((first + second, first, second)):
            absolute = np.abs(actuals[node, origin : origin + steps] - mean)
            shares.append(absolute.mean() / scales[node])
    plain = Hierarchy(SUMMING, bottom_up(SUMMING))
    assert backtest.error(dict.fromkeys(outlooks, plain)) == pytest.approx(np.mean(shares), rel=1e-12)
    # One that knows the origin's own actuals makes no error there, and others only elsewhere.
    known = {
        origin: [outlook(row[origin : origin + 5]) for row in actuals] if origin == 20 else forecasts
        for origin, forecasts in outlooks.items()
    }
    better = replace(backtest, outlooks=known).error(dict.fromkeys(outlooks, plain))
    assert better == pytest.approx(np.sum(shares[3:]) / 9, rel=1e-12)


@pytest.mark.usefixtures("no_mint")
def test_without_the_extra_forecasts_are_bottom_up_and_a_line_says_so(
    caplog: pytest.LogCaptureFixture,
) -> None:
    actuals = SUMMING @ np.ones((2, 12))
    backtest = NodeBacktest({8: [outlook([3.0]), outlook([1.0]), outlook([3.0])]}, actuals, np.ones(3), FREE)
    with caplog.at_level(logging.INFO, "scoring"):
        found = reconcile(SUMMING, backtest)
    assert (found.method, dict(found.errors)) == ("bottom-up", {"bottom-up": pytest.approx(4 / 3)})
    np.testing.assert_array_equal(found.hierarchy.weights, [[0, 1, 0], [0, 0, 1]])
    assert caplog.messages == ["Bottom-up: MinT needs the extra of requirements-many-series.txt"]


def test_without_an_origin_of_all_nodes_forecasts_are_bottom_up(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "scoring"):
        found = reconcile(SUMMING, NodeBacktest({}, np.ones((3, 9)), np.ones(3), FREE))
    assert (found.method, dict(found.errors)) == ("bottom-up", {})
    assert caplog.messages == ["Bottom-up: there is no origin at which all nodes could be scored"]
