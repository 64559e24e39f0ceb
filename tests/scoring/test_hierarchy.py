"""Series that add up: parts and sums agree in every forecast, and bottom-up leaves the parts alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.contract import History
from scoring.errors import ModelFileInvalid, RequestRefused
from scoring.forecaster import Forecaster
from scoring.hierarchy import Hierarchy, bottom_up
from scoring.kinds.naive import SeasonalNaive
from scoring.kinds.outlook import Matrix, Outlook, Vector
from scoring.kinds.profile import SeasonProfile
from scoring.model_file import ForecastModel
from tests.scoring.kind_examples import (
    assert_close,
    bootstrap,
    days,
    kinds,
    model_of,
    outlook,
    series_model,
    weekly_values,
)

COUNTRIES, CATEGORIES = ("AU", "JP", "US"), ("bikes", "clothes")
BOTTOMS = ["/".join(parts) for parts in product(COUNTRIES, CATEGORIES)]
NODES = ["total", *COUNTRIES, *CATEGORIES, *BOTTOMS]
# Node by bottom series: the total, each country, each category, each of itself.
SUMMING: Matrix = np.array(
    [
        *([1.0] * 6,),
        *([float(name.startswith(country)) for name in BOTTOMS] for country in COUNTRIES),
        *([float(name.endswith(category)) for name in BOTTOMS] for category in CATEGORIES),
        *np.eye(6).tolist(),
    ]
)
KINDS_OF_NODES = ["seasonal naive", "profile", "fading profile", "smoothing", "ARMA", "mean of four"]


def values_of_nodes(count: int, seed: int = 0) -> list[Vector]:
    return list(SUMMING @ np.stack([weekly_values(count, seed + row) for row in range(6)]))


def mint_like(seed: int) -> Matrix:
    """Weights that take something of every node and leave coherent forecasts as they are: W S = I."""
    generator = np.random.default_rng(seed)
    spread = np.diag(generator.uniform(0.5, 2.0, len(NODES)))
    return np.asarray(np.linalg.solve(SUMMING.T @ spread @ SUMMING, SUMMING.T @ spread), dtype=np.float64)


def family(weights: Matrix | None = None, seed: int = 0, lower: float | None = 0.0) -> ForecastModel:
    """Twelve nodes with models of different kinds."""
    chosen = np.random.default_rng(seed).choice(KINDS_OF_NODES, len(NODES))
    series = [
        series_model(kinds()[kind], values, bootstrap(window=40, lower=lower), name=name)
        for name, kind, values in zip(NODES, chosen, values_of_nodes(70, seed), strict=True)
    ]
    return model_of(*series, hierarchy=Hierarchy(SUMMING, bottom_up(SUMMING) if weights is None else weights))


def histories_of(count: int, first: int = 70, seed: int = 50) -> dict[str, History]:
    return {
        name: History(days(first, count), tuple(weekly_values(count, seed + row).tolist()))
        for row, name in enumerate(BOTTOMS)
    }


@st.composite
def outlooks(draw: st.DrawFn) -> list[Outlook]:
    """Any outlooks of the twelve nodes, some of whose errors are not known."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.sampled_from([1e-3, 1.0, 1e6]))
    found = []
    for _ in NODES:
        mean, scale = size * generator.normal(2, 1, 9), size * generator.uniform(0, 1, 9)
        fitted, errors = size * generator.normal(2, 1, 15), size * generator.normal(size=15)
        missing = generator.uniform(size=15) < draw(st.sampled_from([0.0, 0.1]))
        fitted[missing] = errors[missing] = np.nan
        found.append(Outlook(mean, scale, fitted, errors))
    return found


@settings(max_examples=40, deadline=None)
@given(outlooks(), st.integers(0, 999))
def test_reconciled_means_add_up_whatever_the_weights(own: list[Outlook], seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(6, 12))
    found = Hierarchy(SUMMING, weights).reconciled(own)
    means = np.stack([one.mean for one in found])
    scale = np.abs(means).max()
    assert (np.abs(means - SUMMING @ means[-6:]) <= 1e-9 * scale).all()
    for before, after in zip(own, found, strict=True):
        np.testing.assert_array_equal(after.scale, before.scale)
        assert np.isnan(after.errors).sum() == np.isnan(before.errors).sum()


@settings(max_examples=25, deadline=None)
@given(outlooks(), outlooks())
def test_bottom_up_takes_the_bottom_forecasts_and_nothing_of_the_others(
    own: list[Outlook], other: list[Outlook]
) -> None:
    hierarchy = Hierarchy(SUMMING, bottom_up(SUMMING))
    found = hierarchy.reconciled(own)
    for row in range(6, 12):
        np.testing.assert_array_equal(found[row].mean, own[row].mean)
    mixed = hierarchy.reconciled(other[:6] + own[6:])
    for one, same in zip(found, mixed, strict=True):
        np.testing.assert_array_equal(one.mean, same.mean)


@settings(max_examples=25, deadline=None)
@given(outlooks(), st.integers(0, 999))
def test_forecasts_that_add_up_already_stay_as_they_are(own: list[Outlook], seed: int) -> None:
    """True of bottom-up and of MinT alike: both are projections."""
    bottoms = np.stack([one.mean for one in own[6:]])
    coherent = [replace(one, mean=row) for one, row in zip(own, SUMMING @ bottoms, strict=True)]
    for weights in (bottom_up(SUMMING), mint_like(seed)):
        for before, after in zip(coherent, Hierarchy(SUMMING, weights).reconciled(coherent), strict=True):
            np.testing.assert_allclose(after.mean, before.mean, rtol=1e-9, atol=1e-9 * np.abs(bottoms).max())


@settings(max_examples=25, deadline=None)
@given(outlooks())
def test_parts_are_held_in_their_support_before_they_are_summed(own: list[Outlook]) -> None:
    """A part below zero would otherwise be shown as zero beside a sum that has it below."""
    shifted = [replace(one, mean=one.mean - 2 * np.abs(one.mean).max()) for one in own[:2]] + own[2:]
    supports = [bootstrap(lower=0.0)] * len(NODES)
    found = Hierarchy(SUMMING, mint_like(3)).reconciled(shifted, supports)
    shown = np.stack([support.mean(one) for support, one in zip(supports, found, strict=True)])
    assert (shown >= 0).all()
    assert (np.abs(shown - SUMMING @ shown[-6:]) <= 1e-9 * np.abs(shown).max()).all()


@pytest.mark.parametrize("weights", [None, mint_like(1)], ids=["bottom-up", "mint"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_served_forecasts_add_up(weights: Matrix | None, seed: int) -> None:
    """From the series' ends, after a history, and at every origin of a backtest."""
    forecaster = Forecaster(family(weights, seed))
    histories = histories_of(30)
    origins = [days(70, 30)[row] for row in (3, 17, 29)]
    plain = {one.series: [one] for one in forecaster.forecast(20, NODES)}
    after = forecaster.forecast_after(histories, 20)
    backtest = forecaster.forecast_after(histories, 20, origins)
    assert [len(backtest[name]) for name in NODES] == [3] * 12
    for found in (plain, after, backtest):
        for row in range(len(found["total"])):
            means = np.stack([found[name][row].mean for name in NODES])
            assert (np.abs(means - SUMMING @ means[-6:]) <= 1e-9 * np.abs(means).max()).all()
            assert len({found[name][row].origin for name in NODES}) == 1
    assert [one.origin for one in backtest["total"]] == [origin.date().isoformat() for origin in origins]
    np.testing.assert_array_equal(backtest["AU"][-1].mean, after["AU"][0].mean)


def test_a_sums_own_model_sees_the_sum_of_the_histories() -> None:
    """With weights that take each node's own forecast as far as possible, a sum's model moves on too."""
    model = family(mint_like(4))
    new = histories_of(10)
    sums = SUMMING @ np.stack([np.array(new[name].values) for name in BOTTOMS])
    own = [
        outlook(series.kind, np.append(series.observations, sums[row]), 14, 40)
        for row, series in enumerate(model.series)
    ]
    assert model.hierarchy is not None
    expected = model.hierarchy.reconciled(own, [series.intervals for series in model.series])
    found = Forecaster(model).forecast_after(new, 14)
    for name, one in zip(NODES, expected, strict=True):
        assert_close(found[name][0].mean, np.maximum(one.mean, 0.0), 100)


def test_a_history_must_have_all_bottom_series_of_the_same_days() -> None:
    forecaster = Forecaster(family())
    histories = histories_of(5)
    wrong = {
        "one is missing": {name: histories[name] for name in BOTTOMS[1:]},
        "a sum": histories | {"total": histories[BOTTOMS[0]]},
        "only a sum": {"total": histories[BOTTOMS[0]]},
        "a later end": histories | {BOTTOMS[2]: histories_of(6)[BOTTOMS[2]]},
        "other days": histories | {BOTTOMS[2]: histories_of(5, 71)[BOTTOMS[2]]},
    }
    for label, some in wrong.items():
        with pytest.raises(RequestRefused) as caught:
            forecaster.forecast_after(some, 3)
        assert caught.value.code == "history_incomplete", label


def test_a_node_without_a_finite_forecast_makes_no_model() -> None:
    model = family(np.full((6, 12), 1e300))
    with pytest.raises(ModelFileInvalid, match="no finite forecast"):
        Forecaster(model)


def test_nodes_that_look_back_on_different_numbers_of_errors_are_one_family() -> None:
    """A short series' intervals are made of fewer errors than those of the others."""
    parts = [weekly_values(70, 1), weekly_values(70, 2)]
    series = [
        series_model(kind, values, bootstrap(window=window), name=name)
        for name, kind, values, window in (
            ("total", SeasonalNaive(7), parts[0] + parts[1], 60),
            ("a", SeasonProfile(7), parts[0], 60),
            ("b", SeasonProfile(1), parts[1], 40),
        )
    ]
    summing = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    forecaster = Forecaster(model_of(*series, hierarchy=Hierarchy(summing, bottom_up(summing))))
    total, a, b = (one.mean for one in forecaster.forecast(10, ["total", "a", "b"]))
    np.testing.assert_allclose(total, a + b, rtol=1e-12)
