"""What holds for every kind of model: it sees nothing past an origin, bears gaps, and survives its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.kinds.outlook import Kind, Observed
from scoring.kinds.reading import READERS
from scoring.kinds.smoothing import ExponentialSmoothing
from scoring.kinds.state_space import StateSpace
from tests.scoring.kind_examples import (
    FIRST,
    assert_same_outlook,
    kinds,
    model_of,
    outlook,
    series_model,
    weekly_values,
    written_and_read,
)

EVERY_KIND = pytest.mark.parametrize("kind", kinds().values(), ids=kinds())
COUNT = 70
FUTURES = st.sampled_from(["shuffled", "nothing", "huge", "missing", "zeros"])


def with_another_future(values: np.ndarray, end: int, what: str, seed: int) -> np.ndarray:
    """The same values up to `end`, and something else after."""
    generator = np.random.default_rng(seed)
    rest = {
        "shuffled": generator.permutation(values[end:]),
        "nothing": values[end:end],
        "huge": 1e9 * generator.uniform(1, 2, values.size - end),
        "missing": np.full(values.size - end, np.nan),
        "zeros": np.zeros(values.size - end),
    }[what]
    return np.concatenate([values[:end], rest])


def with_gaps(values: np.ndarray, rows: set[int]) -> np.ndarray:
    found = values.copy()
    found[sorted(rows)] = np.nan
    return found


def has_first_state(kind: Kind) -> bool:
    """Whether it, and all it is made of, can forecast before a value was seen."""
    members = kind.members()
    return (
        all(map(has_first_state, members)) if members else isinstance(kind, StateSpace | ExponentialSmoothing)
    )


def test_the_examples_are_of_every_kind_that_a_file_can_hold() -> None:
    assert {kind.KIND for kind in kinds().values()} == set(READERS)


@EVERY_KIND
@settings(max_examples=5, deadline=None)
@given(
    end=st.integers(24, COUNT),
    what=FUTURES,
    seed=st.integers(0, 2**32 - 1),
    rows=st.sets(st.integers(0, COUNT - 1), max_size=6),
)
def test_an_outlook_sees_nothing_past_its_origin(
    kind: Kind, end: int, what: str, seed: int, rows: set[int]
) -> None:
    values = with_gaps(weekly_values(COUNT, seed), rows)
    if what == "zeros" and kind is kinds()["logarithm"]:
        what = "huge"  # of zero there is no logarithm; the forecaster leaves out what no origin sees
    whole = Observed(with_another_future(values, end, what, seed), FIRST)
    with np.errstate(all="ignore"):
        [there] = kind.outlooks(whole, [end], 14, 30)
    assert_same_outlook(outlook(kind, values[:end]), there)


@EVERY_KIND
@settings(max_examples=3, deadline=None)
@given(ends=st.sets(st.integers(24, COUNT), min_size=1, max_size=5), seed=st.integers(0, 2**32 - 1))
def test_many_origins_are_each_as_if_alone(kind: Kind, ends: set[int], seed: int) -> None:
    values = weekly_values(COUNT, seed)
    with np.errstate(all="ignore"):
        together = kind.outlooks(Observed(values, FIRST), sorted(ends), 10, 21)
    for end, found in zip(sorted(ends), together, strict=True):
        assert_same_outlook(outlook(kind, values[:end], 10, 21), found)
        assert (found.mean.shape, found.scale.shape) == ((10,), (10,))
        assert (found.fitted.shape, found.errors.shape) == ((21,), (21,))


@EVERY_KIND
def test_a_longer_horizon_only_goes_on(kind: Kind) -> None:
    values = weekly_values(COUNT, 4)
    short, long = outlook(kind, values, 14), outlook(kind, values, 366)
    np.testing.assert_allclose(short.mean, long.mean[:14], rtol=1e-12)
    np.testing.assert_allclose(short.scale, long.scale[:14], rtol=1e-12)


@EVERY_KIND
@settings(max_examples=5, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_gaps_leave_a_finite_forecast_and_no_error(kind: Kind, data: st.DataObject, seed: int) -> None:
    """Single days, a fortnight, all of one weekday: what nobody saw has no error, and all else goes on."""
    rows = data.draw(
        st.sets(st.integers(0, COUNT - 1), max_size=COUNT // 2)
        | st.integers(0, COUNT - 15).map(lambda first: set(range(first, first + 14)))
        | st.integers(0, 6).map(lambda weekday: set(range(weekday, COUNT, 7))),
    )
    values = with_gaps(weekly_values(COUNT, seed), rows)
    found = outlook(kind, values, 30, COUNT)
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.scale).all()
    assert (found.scale >= 0).all()
    assert np.isnan(found.errors[sorted(rows)]).all()
    assert np.isfinite(found.errors).any()


@EVERY_KIND
def test_without_a_single_value_there_is_a_first_state_or_a_refusal(kind: Kind) -> None:
    nothing = np.full(20, np.nan)
    if not has_first_state(kind):
        with pytest.raises(FloatingPointError, match="no value"):
            outlook(kind, nothing)
        return
    found = outlook(kind, nothing)
    assert np.isfinite(found.mean).all()
    assert np.isnan(found.errors).all()


@EVERY_KIND
@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_file_keeps_every_digit(kind: Kind, seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Path = tmp_path_factory.mktemp("model")
    values = weekly_values(COUNT, seed)
    model = model_of(series_model(kind, values))
    again = written_and_read(model, folder)
    before = (folder / "forecast_model.npz").read_bytes()
    assert_same_outlook(outlook(kind, values), outlook(again.series[0].kind, again.series[0].observations))
    written_and_read(again, folder)
    assert (folder / "forecast_model.npz").read_bytes() == before
    assert type(again.series[0].kind) is type(kind)
    assert again.series[0].kind.anchored == kind.anchored
