"""Training: the course's figures, determinism, other data, and input that can't be used."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.errors import TrainingInputInvalid
from scoring.export import state_space_of
from scoring.fit import ModelOrder, build, fit
from scoring.fixed_order import FixedOrderPlan, accuracy, train_fixed_order
from scoring.forecaster import Forecaster
from scoring.model_file import MODEL_FILE_NAME
from scoring.series import read_series
from scoring.train import main
from tests.scoring.conftest import COURSE_DATA, run_training


def test_reproduces_the_course(model_folder):
    metric = json.loads((model_folder / "metric.json").read_text())
    assert list(metric)[:4] == ["run_id", "model_name", "RMSE", "R2"]
    assert metric["RMSE"] == pytest.approx(461.6, abs=0.5)
    assert metric["R2"] == pytest.approx(0.1035, abs=0.003)
    assert (metric["rows"], metric["train_rows"], metric["test_rows"]) == (154, 138, 16)
    assert (metric["train_start"], metric["train_end"], metric["test_end"]) == (
        "2013-07-31",
        "2013-12-15",
        "2013-12-31",
    )
    assert metric["frequency"] == "D"
    assert not (model_folder / "report.json").exists()


def test_the_model_says_its_parameters_and_never_forecasts_below_what_there_can_be(course_model):
    assert course_model.facts["parameters"]["sigma2"] > 0
    [series] = course_model.series
    assert series.label == "ARIMA(2, 0, 2) with trend c"
    assert (series.intervals.method, series.intervals.lower, series.intervals.upper) == (
        "gaussian",
        0.0,
        None,
    )
    [forecast] = Forecaster(course_model).forecast(366, [series.id])
    lower, upper = forecast.limits([99])
    assert (lower >= 0).all()
    assert (lower == 0).any()
    assert (upper > forecast.mean[:, None]).all()


def arguments(output: Path, *options: str) -> list[str]:
    return [
        "--input",
        str(COURSE_DATA),
        "--output",
        str(output),
        "--model-name",
        "adventureworks-daily",
        *options,
    ]


def test_same_input_and_seed_leave_the_same_bytes(tmp_path):
    options = ("--start", "2013-12-01", "--order", "1,0,1", "--starts", "2")
    done = run_training(tmp_path / "one", *options)
    assert done.returncode == 0, done.stderr
    assert main(arguments(tmp_path / "two", *options)) == 0
    assert main(arguments(tmp_path / "three", *options, "--seed", "1")) == 0
    for file in ("metric.json", f"models/{MODEL_FILE_NAME}"):
        one, two, three = ((tmp_path / name / file).read_bytes() for name in ("one", "two", "three"))
        assert one == two
        assert one != three
    left = sorted(path.name for path in (tmp_path / "one").rglob("*"))
    assert left == [MODEL_FILE_NAME, "metric.json", "models"]


def test_figures_are_of_the_training_rows_and_the_state_of_all(course_series):
    order = ModelOrder((1, 0, 1))
    trained = train_fixed_order(course_series, FixedOrderPlan("m", order, starts=1))
    results = fit(course_series.values[:138], order, starts=1, seed=0)
    rmse, r2 = accuracy(course_series.values[138:], results.forecast(16))
    assert (trained.metrics["RMSE"], trained.metrics["R2"]) == (rmse, r2)
    [forecast] = Forecaster(trained.model).forecast(5, ["m"])
    moved = results.append(course_series.values[138:], refit=False)
    np.testing.assert_allclose(forecast.mean, moved.forecast(5), rtol=1e-8)
    assert forecast.origin == "2013-12-31"


def test_accuracy_of_actuals_that_do_not_vary_has_no_r2():
    assert accuracy(np.full(4, 2.0), np.full(4, 3.0)) == (1.0, None)


def test_fit_finds_parameters_that_made_the_series():
    generator = np.random.default_rng(3)
    made = build(np.zeros(800), ModelOrder((1, 0, 1)))
    made.update([50.0, 0.8, 0.3, 4.0])
    values = made.simulate([50.0, 0.8, 0.3, 4.0], 800, rng=generator)
    parameters = fit(values, ModelOrder((1, 0, 1)), starts=2, seed=0).params
    np.testing.assert_allclose(parameters, [50, 0.8, 0.3, 4], rtol=0.2)


def test_monthly_series_with_a_season(tmp_path):
    generator = np.random.default_rng(0)
    months = pd.date_range("2001-01-01", periods=96, freq="MS")
    values = 100 + np.arange(96) + 20 * np.sin(np.arange(96) * np.pi / 6) + generator.normal(size=96)
    table = tmp_path / "passengers.csv"
    pd.DataFrame({"ds": months.strftime("%Y-%m-%d"), "y": values}).to_csv(table, index=False)
    arguments = [
        "--input",
        str(table),
        "--output",
        str(tmp_path / "out"),
        "--model-name",
        "air",
        "--starts",
        "1",
    ]
    assert main([*arguments, "--order", "0,1,1", "--seasonal-order", "0,1,1,12"]) == 0
    metric = json.loads((tmp_path / "out" / "metric.json").read_text())
    assert (metric["frequency"], metric["trend"], metric["test_end"]) == ("MS", "n", "2008-12-01")
    assert metric["R2"] > 0.9


def csv(tmp_path, text):
    path = tmp_path / "series.csv"
    path.write_text(text)
    return path


DAYS = "".join(f"2014-01-{day:02},{day}\n" for day in range(1, 11))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "can't be read as a CSV"),
        ("a,b\n1,2\n3,4\n", "date column: name it.*candidates: none"),
        ("d,y\n2014-01-01,x\n", "value column: name it.*candidates: none"),
        ("d,y,z\n2014-01-01,1,2\n", "value column: name it.*candidates: y, z"),
        ("d,y\n2014-01-01,1\n", "1 rows are left"),
        ("d,y\n" + DAYS.replace("01-03,3", "01-03,"), r"row 4: the value is missing"),
        ("d,y\n" + DAYS.replace("01-03,3", "01-03,inf"), r"row 4: the value is missing, NaN or infinite"),
        ("d,y\n" + DAYS.replace("2014-01-03", "3.1.2014"), r"row 4: the date is not one like"),
        ("d,y\n" + DAYS.replace("01-03,3", "01-02,3"), r"row 4: the date is there twice"),
        ("d,y\n" + DAYS.replace("2014-01-03,3\n", ""), "2014-01-03 is missing, at frequency D"),
        ("d,y\n2014-01-01 00:10,1\n2014-01-02,1\n2014-01-03,1\n2014-01-04,1\n", "no known frequency"),
    ],
)
def test_series_that_can_not_be_used(tmp_path, text, message):
    with pytest.raises(TrainingInputInvalid, match=message):
        read_series(csv(tmp_path, text))


@pytest.mark.parametrize("name", ["h", "D", "B", "W-WED", "MS", "ME", "QS-OCT", "QE-DEC", "YS-JAN", "YE-DEC"])
def test_frequency_is_found(tmp_path, name):
    dates = pd.date_range("2003-03-05", periods=24, freq=name)
    text = "".join(f"{date.isoformat()},{row}\n" for row, date in enumerate(dates))
    series = read_series(csv(tmp_path, "when,what\n" + text))
    assert list(series.moments) == list(dates.to_pydatetime())
    assert len(pd.date_range(dates[0], dates[-1], freq=series.frequency)) == 24


def test_rows_are_put_in_order_and_cut_to_the_range(tmp_path):
    lines = [line for line in DAYS.splitlines() if line]
    path = csv(tmp_path, "\ufeffnote,d,y\n" + "".join(f"n,{line}\n" for line in reversed(lines)))
    series = read_series(path, start=datetime(2014, 1, 3), end=datetime(2014, 1, 8), value_column="y")
    assert series.values.tolist() == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model_name": "a/b"}, "model name"),
        ({"model_name": ""}, "model name"),
        ({"train_fraction": 1.0}, "train fraction"),
        ({"train_fraction": float("nan")}, "train fraction"),
        ({"starts": -1}, "starts"),
        ({"seed": -1}, "seed"),
        ({"order": ModelOrder((-1, 0, 0))}, "order"),
        ({"order": ModelOrder((1, 1, 0), trend="c")}, "trend"),
        ({"order": ModelOrder((1, 0, 0), (1, 0, 0, 1))}, "seasonal order"),
        ({"order": ModelOrder((7, 0, 0), (1, 0, 0, 7))}, "order"),
    ],
)
def test_options_outside_their_bound_are_refused(course_series, changes, field):
    with pytest.raises(TrainingInputInvalid) as caught:
        train_fixed_order(course_series, FixedOrderPlan(**({"model_name": "m"} | changes)))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("values", "message"),
    [(np.full(50, 3.0), "constant"), (np.arange(6.0), "too few"), (np.zeros(50), "constant")],
)
def test_series_that_can_not_be_fitted(values, message):
    with pytest.raises(TrainingInputInvalid, match=message):
        fit(values, ModelOrder(), starts=1, seed=0)


def test_the_command_says_what_is_wrong_and_leaves_nothing(tmp_path, caplog, capsys):
    assert main(arguments(tmp_path / "out", "--start", "2014-05-30")) == 2
    assert "2 rows are left" in caplog.text
    with pytest.raises(SystemExit) as caught:
        main(arguments(tmp_path / "out", "--order", "2,0"))
    assert caught.value.code == 2
    printed = capsys.readouterr()
    assert (printed.out, "3 whole numbers" in printed.err) == ("", True)
    assert not (tmp_path / "out").exists()


def test_a_model_the_file_can_not_hold_is_refused(course_series):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    values = course_series.values
    made = {
        "concentrate_scale": SARIMAX(values, order=(1, 0, 0), concentrate_scale=True),
        "simple_differencing": SARIMAX(values, order=(1, 1, 0), simple_differencing=True),
        "obs_intercept": SARIMAX(values, exog=np.arange(values.size), order=(1, 0, 0), mle_regression=True),
        "state_intercept": SARIMAX(values, order=(1, 0, 0), trend="ct"),
        "states": SARIMAX(values, order=(1, 0, 0), seasonal_order=(1, 0, 0, 130)),
    }
    for reason, model in made.items():
        results = model.smooth(np.full(len(model.param_names), 0.5), cov_type="none")
        with pytest.raises(TrainingInputInvalid, match=reason):
            state_space_of(results)


def test_the_bundled_data_is_read_whole():
    series = read_series(COURSE_DATA)
    assert (series.values.size, series.frequency) == (305, "D")
