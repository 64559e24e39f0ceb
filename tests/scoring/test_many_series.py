"""What an endpoint of many series answers: which are named, what histories they need, and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring import score
from scoring.contract import History
from scoring.forecaster import Forecaster
from scoring.kinds.naive import SeasonalNaive
from scoring.model_file import ForecastModel, write_model
from tests.scoring.kind_examples import bootstrap, days, kinds, model_of, series_model, weekly_values
from tests.scoring.test_hierarchy import BOTTOMS, NODES, SUMMING, family

Ask = Callable[..., Any]
PANEL = {"shop B": ("profile", 0, 70), "店舗A": ("smoothing", 10, 50), "007": ("mean of four", 0, 80)}


def panel() -> ForecastModel:
    """Three shops, each of another kind, with its own first and last day."""
    series = [
        series_model(
            kinds()[kind], weekly_values(count, row), bootstrap(), name=name, start=days(first, 1)[0]
        )
        for row, (name, (kind, first, count)) in enumerate(PANEL.items())
    ]
    return model_of(*series, name="shops")


def asking(model: ForecastModel, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """What an endpoint that has loaded the model's file answers, as JSON, and with which status."""
    write_model(model, folder / "shops" / "4" / "models" / "forecast_model.npz")
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(folder / "shops" / "4"))
    score.init()

    def ask(status: int = 200, **body: object) -> Any:
        text, found = score.answer(json.dumps(body))
        assert found == status, text
        return json.loads(text, parse_constant=pytest.fail)

    return ask


@pytest.fixture
def shops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    return asking(panel(), tmp_path, monkeypatch)


@pytest.fixture
def nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    return asking(family(), tmp_path, monkeypatch)


def rows(first: int, count: int, *names: str, seed: int = 9) -> list[dict[str, object]]:
    """History rows of `count` days; of each name where there are some."""
    found = []
    for number, name in enumerate(names or ("",)):
        for moment, value in zip(
            days(first, count), weekly_values(count, seed + number).tolist(), strict=True
        ):
            row = {"unique_id": name} if name else {}
            found.append(row | {"ds": moment.date().isoformat(), "y": value})
    return found


def means(answer: dict[str, Any]) -> list[float]:
    return [row["mean"] for row in answer["forecast"]]


def refusal(ask: Ask, **body: object) -> tuple[str, str]:
    """Code and text of a 400."""
    error = ask(400, **body)["error"]
    assert set(error) == {"code", "message"}
    assert 0 < len(error["message"]) < 300
    return error["code"], error["message"]


def test_one_series_named_by_text_is_answered_like_the_only_one(shops: Ask) -> None:
    answer = shops(horizon=3, series="店舗A", levels=[80])
    assert list(answer) == ["model", "frequency", "unique_id", "origin", "forecast"]
    assert answer["model"] == {"name": "shops", "version": 4}
    assert (answer["unique_id"], answer["frequency"], answer["origin"]) == ("店舗A", "D", "2014-03-01")
    assert [row["ds"] for row in answer["forecast"]] == ["2014-03-02", "2014-03-03", "2014-03-04"]
    [expected] = Forecaster(panel()).forecast(3, ["店舗A"])
    np.testing.assert_allclose(means(answer), expected.mean, rtol=1e-11)
    lower, upper = expected.limits([80])
    np.testing.assert_allclose([row["lower"]["80"] for row in answer["forecast"]], lower[:, 0], rtol=1e-11)
    np.testing.assert_allclose([row["upper"]["80"] for row in answer["forecast"]], upper[:, 0], rtol=1e-11)


@pytest.mark.parametrize("names", [["shop B"], ["007", "shop B"], ["007", "店舗A", "shop B"]])
def test_a_list_is_answered_in_its_order(shops: Ask, names: list[str]) -> None:
    answer = shops(horizon=5, series=names)
    assert list(answer) == ["model", "frequency", "series"]
    assert [one["unique_id"] for one in answer["series"]] == names
    for one in answer["series"]:
        alone = shops(horizon=5, series=one["unique_id"])
        assert {key: alone[key] for key in one} == one


def test_all_are_those_of_the_model_in_its_order(shops: Ask) -> None:
    answer = shops(horizon=5, series="all")
    assert answer == shops(horizon=5, series=list(PANEL))
    assert [one["origin"] for one in answer["series"]] == ["2014-03-11", "2014-03-01", "2014-03-21"]


def test_a_series_that_is_called_all_is_asked_for_in_a_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    series = [
        series_model(SeasonalNaive(7), weekly_values(30, row), name=name) for row, name in enumerate("ab")
    ]
    called_all = series_model(SeasonalNaive(7), weekly_values(30, 7), name="all")
    ask = asking(model_of(*series, called_all), tmp_path, monkeypatch)
    assert [one["unique_id"] for one in ask(horizon=1, series="all")["series"]] == ["a", "b", "all"]
    assert [one["unique_id"] for one in ask(horizon=1, series=["all"])["series"]] == ["all"]


def test_series_that_there_are_not_or_that_none_names(shops: Ask) -> None:
    code, message = refusal(shops, horizon=3, series="shop C")
    assert (code, "'shop C'" in message, '"shop B"' in message) == ("series_unknown", True, True)
    assert refusal(shops, horizon=3, series=["007", "x" * 500])[0] == "series_unknown"
    code, message = refusal(shops, horizon=3)
    assert (code, '"007"' in message) == ("series_missing", True)
    assert refusal(shops, data=[3])[0] == "series_missing"
    assert refusal(shops, horizon=3, history=rows(70, 5))[0] == "series_missing"


def test_a_history_is_of_the_series_that_is_named(shops: Ask) -> None:
    """Rows without an id belong to the one series asked for; with one, to each that is asked for."""
    new = rows(70, 5)
    after = shops(horizon=3, series="shop B", history=new)
    assert after["origin"] == "2014-03-16"
    history = History(days(70, 5), tuple(row["y"] for row in new))  # type: ignore[misc]
    [expected] = Forecaster(panel()).forecast_after({"shop B": history}, 3)["shop B"]
    np.testing.assert_allclose(means(after), expected.mean, rtol=1e-11)
    named = [{"unique_id": "shop B", **row} for row in new]
    assert shops(horizon=3, series="shop B", history=named) == after
    [listed] = shops(horizon=3, series=["shop B"], history=named)["series"]
    assert listed == {key: after[key] for key in listed}


def test_histories_of_several_series_may_end_at_different_days(shops: Ask) -> None:
    history = rows(70, 5, "shop B") + rows(75, 9, "007", seed=3)
    answer = shops(horizon=4, series=["007", "shop B"], history=history)
    assert [one["origin"] for one in answer["series"]] == ["2014-03-25", "2014-03-16"]
    assert answer["series"][1] == {
        key: value
        for key, value in shops(horizon=4, series="shop B", history=rows(70, 5)).items()
        if key in ("unique_id", "origin", "forecast")
    }


def test_histories_that_do_not_fit_what_is_asked_for(shops: Ask) -> None:
    both = ["007", "shop B"]
    code, message = refusal(shops, horizon=3, series=both, history=rows(70, 5))
    assert (code, "unique_id" in message) == ("history_without_series", True)
    assert refusal(shops, horizon=3, series="all", history=rows(70, 5))[0] == "history_without_series"
    assert refusal(shops, horizon=3, series=both, history=rows(70, 5, "007"))[0] == "history_incomplete"
    assert refusal(shops, horizon=3, series="007", history=rows(70, 5, *both))[0] == "history_incomplete"
    assert refusal(shops, horizon=3, series="all", history=rows(70, 5, *both))[0] == "history_incomplete"
    code, message = refusal(shops, horizon=3, series="007", history=rows(70, 5, "shop C"))
    assert (code, "'shop C'" in message) == ("series_unknown", True)
    gap = rows(80, 5, "007")
    del gap[2]
    assert refusal(shops, horizon=3, series="007", history=gap)[0] == "history_gap"


def test_origins_of_several_series(shops: Ask) -> None:
    both, origins = ["007", "店舗A"], ["2014-03-22", "2014-03-28"]
    answer = shops(horizon=4, series=both, history=rows(78, 12, *both), origins=origins)
    for one in answer["series"]:
        assert list(one) == ["unique_id", "forecasts"]
        assert [each["origin"] for each in one["forecasts"]] == origins
        number = both.index(one["unique_id"])
        for each in one["forecasts"]:
            seen = [row for row in rows(78, 12, *both)[12 * number :][:12] if row["ds"] <= each["origin"]]
            alone = shops(horizon=4, series=one["unique_id"], history=seen)
            assert alone["forecast"] == each["forecast"]


def test_an_answer_of_all_is_bounded_by_the_series_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = series_model(SeasonalNaive(7), weekly_values(14))
    many = [series_model(one.kind, one.observations, name=f"{number}") for number in range(250)]
    ask = asking(model_of(*many), tmp_path, monkeypatch)
    code, message = refusal(ask, horizon=366, series="all")
    assert (code, "457500 numbers" in message) == ("answer_too_large", True)
    assert len(ask(horizon=200, series="all")["series"]) == 250
    assert len(ask(horizon=366, series="all", levels=[])["series"]) == 250


def test_the_only_series_needs_no_name_but_may_have_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(series_model(kinds()["profile"], weekly_values(70), name="demand"))
    ask = asking(model, tmp_path, monkeypatch)
    plain = ask(horizon=3)
    assert list(plain) == ["model", "frequency", "origin", "forecast"]
    assert ask(horizon=3, series="demand") == plain | {"unique_id": "demand"}
    assert ask(horizon=3, series="all")["series"] == [
        {"unique_id": "demand", "origin": plain["origin"], "forecast": plain["forecast"]}
    ]
    assert ask(data=[3]) == {"result": means(plain)}
    moved = ask(horizon=3, history=rows(70, 2))
    assert ask(horizon=3, history=rows(70, 2, "demand")) == moved
    assert refusal(ask, horizon=3, series="shop")[0] == "series_unknown"


def test_a_hierarchy_answers_for_its_top_when_none_is_named(nodes: Ask) -> None:
    plain = nodes(horizon=7)
    assert "unique_id" not in plain
    assert plain["forecast"] == nodes(horizon=7, series="total")["forecast"]
    assert nodes(data=[7]) == {"result": means(plain)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(horizon=st.integers(1, 40), first=st.integers(40, 80), count=st.integers(1, 40), after=st.booleans())
def test_what_a_hierarchy_answers_adds_up(
    nodes: Ask, horizon: int, first: int, count: int, after: bool
) -> None:
    """As JSON, with its 12 digits."""
    history = {"history": rows(first, count, *BOTTOMS)} if after else {}
    answer = nodes(horizon=horizon, series="all", levels=[], **history)
    assert [one["unique_id"] for one in answer["series"]] == NODES
    found = np.array([means(one) for one in answer["series"]])
    np.testing.assert_allclose(found, SUMMING @ found[-6:], rtol=1e-9)


def test_of_a_hierarchy_some_nodes_are_answered_after_all_of_its_history(nodes: Ask) -> None:
    history = rows(70, 9, *BOTTOMS)
    every = {one["unique_id"]: one for one in nodes(horizon=3, series="all", history=history)["series"]}
    assert nodes(horizon=3, series=["US", "total"], history=history)["series"] == [
        every["US"],
        every["total"],
    ]
    assert nodes(horizon=3, history=history)["forecast"] == every["total"]["forecast"]
    assert nodes(horizon=3, series=BOTTOMS[0], history=history)["forecast"] == every[BOTTOMS[0]]["forecast"]
    assert every["total"]["origin"] == "2014-03-20"


def test_histories_that_a_hierarchy_can_not_sum(nodes: Ask) -> None:
    code, message = refusal(nodes, horizon=3, history=rows(70, 5))
    assert (code, "unique_id" in message) == ("history_without_series", True)
    code, message = refusal(nodes, horizon=3, series="total", history=rows(70, 5, "total"))
    assert (code, "all 6 bottom series" in message) == ("history_incomplete", True)
    assert refusal(nodes, horizon=3, history=rows(70, 5, *BOTTOMS[1:]))[0] == "history_incomplete"
    uneven = rows(70, 5, *BOTTOMS[1:]) + rows(70, 6, BOTTOMS[0])
    assert refusal(nodes, horizon=3, series="all", history=uneven)[0] == "history_incomplete"
    assert refusal(nodes, horizon=3, history=rows(70, 5, *BOTTOMS, "Mars"))[0] == "series_unknown"


NAMES = st.sampled_from([*PANEL, "nobody", "all", ""])


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    series=st.none() | NAMES | st.lists(NAMES, max_size=3),
    history=st.none()
    | st.lists(
        st.tuples(st.sampled_from([None, *PANEL, "nobody"]), st.integers(60, 90), st.floats(-1e300, 1e300)),
        max_size=6,
    ),
    origins=st.none() | st.lists(st.integers(60, 90), max_size=2),
    horizon=st.integers(1, 400),
)
def test_any_request_is_answered_or_refused(
    shops: Ask,
    series: object,
    history: list[tuple[str | None, int, float]] | None,
    origins: list[int] | None,
    horizon: int,
) -> None:
    """Whatever is named and whatever histories come with it: finite numbers, or a 4xx with a code."""
    body: dict[str, object] = {"horizon": horizon}
    if series is not None:
        body["series"] = series
    if history is not None:
        body["history"] = [
            ({"unique_id": name} if name else {}) | {"ds": days(day, 1)[0].date().isoformat(), "y": value}
            for name, day, value in sorted(history, key=lambda row: row[1])
        ]
    if origins is not None:
        body["origins"] = [days(day, 1)[0].date().isoformat() for day in sorted(origins)]
    text, status = score.answer(json.dumps(body))
    answer = json.loads(text, parse_constant=pytest.fail)
    assert status in (200, 400)
    assert ("error" in answer) == (status == 400)
