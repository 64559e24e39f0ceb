"""The model file: what is written is read back, of both versions, and nothing else is taken for one."""

from __future__ import annotations

import json
import pickle
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from scoring.array_files import MAX_ARRAY_VALUES
from scoring.contract import History
from scoring.forecaster import Forecaster
from scoring.intervals import Intervals
from scoring.kinds.combination import Combination
from scoring.kinds.naive import SeasonalNaive
from scoring.kinds.reading import MAX_MEMBERS, MAX_SEASON
from scoring.kinds.state_space import MAX_STATES
from scoring.model_file import read_model, write_model
from tests.scoring.conftest import ROOT
from tests.scoring.kind_examples import kinds, model_of, series_model, weekly_values
from tests.scoring.model_file_surgery import (
    changed_metadata,
    example,
    family,
    members_of,
    metadata_of,
    npy,
    refusal,
    rewritten,
)

DATA = ROOT / "tests" / "data"
EVERY_KIND = pytest.mark.parametrize("kind", kinds())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / "model.npz"
    write_model(example("ARMA"), target)
    return target


@EVERY_KIND
def test_round_trip_keeps_every_bit(kind: str, tmp_path: Path) -> None:
    model = example(kind)
    path = tmp_path / "model.npz"
    write_model(model, path)
    again = read_model(path)
    assert (again.name, again.frequency, again.facts) == (model.name, model.frequency, model.facts)
    [series], [was] = again.series, model.series
    assert (series.id, series.start, series.label, series.intervals) == (
        was.id,
        was.start,
        was.label,
        was.intervals,
    )
    np.testing.assert_array_equal(series.observations, was.observations)
    assert type(series.kind) is type(was.kind)
    assert series.kind.settings() == was.kind.settings()
    arrays = series.kind.arrays()
    assert list(arrays) == list(was.kind.arrays())
    for name, array in was.kind.arrays().items():
        np.testing.assert_array_equal(arrays[name], array)
    write_model(again, tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_numpy_can_open_it_and_nothing_is_left_beside_it(path: Path) -> None:
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["0/observations"], weekly_values(70))
    assert [entry.name for entry in path.parent.iterdir()] == ["model.npz"]


def test_a_family_of_series_is_kept(tmp_path: Path) -> None:
    model, path = family(), tmp_path / "m.npz"
    write_model(model, path)
    again = read_model(path)
    assert [series.id for series in again.series] == ["total", "a", "b"]
    assert again.hierarchy is not None
    assert model.hierarchy is not None
    np.testing.assert_array_equal(again.hierarchy.summing, model.hierarchy.summing)
    np.testing.assert_array_equal(again.hierarchy.weights, model.hierarchy.weights)
    for one, other in zip(again.series, model.series, strict=True):
        np.testing.assert_array_equal(one.observations, other.observations)


def test_a_file_of_the_first_version_forecasts_the_same_numbers() -> None:
    """A real one, of ARIMA(1,0,1)(0,1,1,7), beside what the code that wrote it forecast from it."""
    model = read_model(DATA / "model_v1.npz")
    said = json.loads((DATA / "model_v1_forecast.json").read_text())
    forecaster = Forecaster(model)
    assert (model.name, model.frequency, list(forecaster.rows)) == (
        "adventureworks-daily",
        "D",
        ["adventureworks-daily"],
    )
    assert model.facts["rows"] == 154
    history = History((datetime(2014, 1, 1), datetime(2014, 1, 2)), (2000.0, 1500.0))
    [after] = forecaster.forecast_after({model.name: history}, 7)[model.name]
    [plain] = forecaster.forecast(28, [model.name])
    for forecast, expected in ((plain, said["plain"]), (after, said["after"])):
        lower, upper = forecast.limits([80])
        assert forecast.origin == expected["origin"]
        np.testing.assert_allclose(forecast.mean, expected["mean"], rtol=1e-12)
        np.testing.assert_allclose(lower[:, 0], expected["lower_80"], rtol=1e-12)
        np.testing.assert_allclose(upper[:, 0], expected["upper_80"], rtol=1e-12)


def test_a_damaged_file_of_the_first_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"

    def after(**changes: object) -> str:
        path.write_bytes((DATA / "model_v1.npz").read_bytes())
        return refusal(changed_metadata(path, **changes))

    assert "'prophet'" in after(kind="prophet")
    assert "season must be" in after(kind="seasonal-naive")
    assert "start" in after(start=3)
    assert "weekend" in after(frequency="B", start="2014-05-31")
    path.write_bytes((DATA / "model_v1.npz").read_bytes())
    assert "has no transition.npy" in refusal(rewritten(path, {"transition.npy": None}))


def test_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    assert "no model file" in refusal(tmp_path / "missing.npz")
    assert "can't be read" in refusal(tmp_path)
    np.savez(path, x=np.zeros(3))
    assert "has no metadata.json" in refusal(path)
    path.write_bytes(pickle.dumps({"a": 1}))
    assert "not a yosoku-model file" in refusal(path)


def test_newer_and_foreign_metadata_is_refused(path: Path) -> None:
    def after(**changes: object) -> str:
        write_model(example("ARMA"), path)
        return refusal(changed_metadata(path, **changes))

    assert "format version 3" in after(version=3)
    assert "version must be" in after(version="1")
    assert "version must be" in after(version=True)
    assert "version must be" in after(version=0)
    assert "'prophet'" in after(model__kind="prophet")
    assert "frequency" in after(frequency="fortnight")
    assert "start" in after(series__start=3)
    assert "weekend" in after(frequency="B", series__start="2014-05-31")
    assert "facts" in after(facts=[1])
    assert "not a yosoku-model" in after(format="other")
    assert "not JSON" in refusal(rewritten(path, {"metadata.json": b"{"}))
    assert "not JSON" in refusal(rewritten(path, {"metadata.json": b"[" * 100_000}))


def test_series_that_are_none_are_refused(path: Path) -> None:
    def after(series: object) -> str:
        write_model(example("ARMA"), path)
        return refusal(changed_metadata(path, series=series))

    [entry] = metadata_of(path)["series"]
    assert "list of 1 to" in after([])
    assert "list of 1 to" in after({})
    assert "list of 1 to" in after([entry] * 10_001)
    assert "must be an object" in after([3])
    assert "has no 1/observations.npy" in after([entry, entry])
    assert "id must be" in after([entry | {"id": ""}])
    assert "label must be" in after([entry | {"label": None}])
    arrays = {name.replace("0/", "1/"): content for name, content in members_of(path).items()}
    write_model(example("ARMA"), path)
    assert "same id" in refusal(
        rewritten(
            changed_metadata(path, series=[entry, entry]),
            arrays | {"metadata.json": json.dumps(metadata_of(path) | {"series": [entry, entry]}).encode()},
        )
    )


def test_dates_past_the_calendar_are_refused(tmp_path: Path) -> None:
    late = series_model(SeasonalNaive(1), np.ones(9_000), start=datetime(2200, 1, 1))
    write_model(model_of(late, frequency="YS-JAN"), tmp_path / "m.npz")
    assert "out of range" in refusal(tmp_path / "m.npz")


def test_intervals_that_are_none_are_refused(path: Path) -> None:
    def after(**changes: object) -> str:
        write_model(example("ARMA"), path)
        return refusal(
            changed_metadata(path, **{f"intervals__{name}": value for name, value in changes.items()})
        )

    assert "method" in after(method="student")
    assert "window" in after(window=-1)
    assert "window" in after(window=1.5)
    assert "window" in after(window=10**400)
    assert "lists" in after(groups=[])
    assert "lists" in after(factors=3)
    assert "name a factor" in after(groups=[0, 5])
    assert "name a factor" in after(groups=[0, -1])
    assert "name a factor" in after(groups=[0.0])
    assert "above 0" in after(factors=[1, 0])
    assert "above 0" in after(factors=[1, float("nan")])
    assert "lower" in after(lower="0")
    assert "lower" in after(lower=10**400)
    assert "above intervals.upper" in after(lower=3, upper=2)


def test_settings_of_a_kind_out_of_their_bounds_are_refused(path: Path) -> None:
    def after(kind: str, **changes: object) -> str:
        write_model(example(kind), path)
        return refusal(changed_metadata(path, **{f"model__{name}": value for name, value in changes.items()}))

    assert "season must be from 1" in after("seasonal naive", season=0)
    assert f"to {MAX_SEASON}" in after("seasonal naive", season=MAX_SEASON + 1)
    assert "whole number" in after("seasonal naive", season=6.5)
    assert "finite number" in after("seasonal naive", season="7")
    assert "finite number" in after("seasonal naive", season=True)
    assert "finite number" in after("seasonal naive", season=10**400)
    assert "cycles must be" in after("sliding profile", cycles=-1)
    assert "half_life must be" in after("fading profile", half_life=-0.1)
    assert "grouped must be true or false" in after("profile", grouped=0)
    assert "has no 0/model/groups.npy" in after("profile", grouped=True)
    assert "alpha must be from 0 to 1" in after("theta", alpha=1.1)
    assert "slope must be" in after("theta", slope=float("inf"))
    assert "damping must be from 0 to 1" in after("smoothing", damping=1.01)
    assert "alpha must be from 0 to 2" in after("smoothing", alpha=-0.01)
    assert "unit must be above 0" in after("logarithm", unit=0)
    assert "needs one member" in after("logarithm", members=[])
    assert "how must be" in after("mean of four", how="mode")
    assert "needs members" in after("mean of four", members=[])
    assert "members must be" in after("mean of four", members={})
    assert f"at most {MAX_MEMBERS}" in after("mean of four", members=[{}] * (MAX_MEMBERS + 1))
    assert "at most 4 deep" in after("mean of four", members=[3])
    rewritten_groups = npy(np.array([0.0, 1, 2, 3, 4, 5, 9]))
    write_model(example("grouped profile"), path)
    assert "groups must be whole, from 0 to 6" in refusal(
        rewritten(path, {"0/model/groups.npy": rewritten_groups})
    )
    write_model(example("multiplicative"), path)
    assert "divides by zero" in refusal(rewritten(path, {"0/model/seasonal.npy": npy(np.zeros(7))}))
    write_model(example("season taken out"), path)
    assert "zero divisor" in refusal(rewritten(path, {"0/model/pattern.npy": npy(np.zeros(7))}))


def test_a_model_in_models_without_end_is_refused(path: Path) -> None:
    kind = kinds()["naive"]
    for _ in range(4):
        kind = Combination((kind,), "mean")
    write_model(model_of(series_model(kind, weekly_values(20))), path)
    assert isinstance(read_model(path).series[0].kind, Combination)
    write_model(model_of(series_model(Combination((kind,), "mean"), weekly_values(20))), path)
    assert "at most 4 deep" in refusal(path)


def test_hierarchies_that_do_not_add_up_are_refused(path: Path) -> None:
    def after(**arrays: np.ndarray) -> str:
        write_model(family(), path)
        return refusal(rewritten(path, {f"{name}.npy": npy(array) for name, array in arrays.items()}))

    summing = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert "zeros and ones" in after(summing=2 * summing)
    assert "bottom series" in after(summing=summing[::-1])
    assert "must be (3, n)" in after(summing=summing[:2])
    assert "weights.npy has the shape" in after(weights=summing)
    assert "NaN" in after(weights=np.full((2, 3), np.nan))
    write_model(family(), path)
    assert "has no summing.npy" in refusal(rewritten(path, {"summing.npy": None}))


def test_arrays_that_are_no_model_are_refused(path: Path) -> None:
    def after(name: str, content: bytes | None) -> str:
        write_model(example("ARMA"), path)
        return refusal(rewritten(path, {name: content}))

    k = len(np.load(path)["0/model/design"])
    assert "has no 0/model/design.npy" in after("0/model/design.npy", None)
    assert f"shape (4,), it must be ({k}, {k})" in after("0/model/transition.npy", npy(np.zeros(4)))
    assert "holds float32" in after("0/model/design.npy", npy(np.zeros(k, dtype=np.float32)))
    assert "holds object" in after("0/model/design.npy", npy(np.array([None, 1], dtype=object)))
    assert "NaN" in after("0/observations.npy", npy(np.array([1.0, np.nan])))
    assert "shape (0,)" in after("0/observations.npy", npy(np.zeros(0)))
    assert "over" in after("0/observations.npy", npy(np.zeros(MAX_ARRAY_VALUES + 600)))
    assert "not an array" in after("0/model/design.npy", b"\x93NUMPX")
    assert "cut short" in after("0/model/design.npy", npy(np.zeros(k))[:-1])
    assert "at most" in after("0/model/design.npy", npy(np.zeros(MAX_STATES + 1)))
    assert "not a covariance" in after("0/model/state_covariance.npy", npy(np.triu(np.ones((k, k)))))
    assert "negative variance" in after("0/model/observation.npy", npy(np.array([0.0, -1.0])))


def test_text_of_a_model_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "日本語.npz"
    series = series_model(SeasonalNaive(7), weekly_values(20), Intervals("gaussian"), name="店舗/東京")
    write_model(model_of(series, name="予測", facts={"note": "é"}), target)
    again = read_model(target)
    assert (again.name, again.series[0].id, again.facts) == ("予測", "店舗/東京", {"note": "é"})
