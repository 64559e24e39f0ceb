"""What the model of a hierarchy answers: parts and sums agree, at every horizon, from every origin."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from scoring import score
from scoring.train import main
from tests.scoring.panel_examples import BOTTOMS, NODES, OPTIONS, write_sales

Answer = Callable[[Mapping[str, object]], dict[str, Any]]


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sales(tmp_path_factory.mktemp("sales"))


@pytest.fixture(scope="module")
def outputs(sales: Path) -> Path:
    folder = sales.parent / "outputs"
    assert main(["--input", str(sales), "--output", str(folder), "--processes", "1", *OPTIONS]) == 0
    return folder


@pytest.fixture
def answer(outputs: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(outputs))
    score.init()

    def ask(request: Mapping[str, object]) -> dict[str, Any]:
        text, status = score.answer(json.dumps(request))
        assert status == 200, text
        return json.loads(text)

    return ask


def assert_adds_up(rows: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """The means of each step: parts to sums, in every direction, to the digits of the answer."""
    means = {name: np.array([step["mean"] for step in steps]) for name, steps in rows.items()}
    for name in NODES[1:5]:
        parts = [means[bottom] for bottom in BOTTOMS if name in bottom.split("/")]
        assert len(parts) == 2
        np.testing.assert_allclose(means[name], sum(parts), rtol=1e-10)
    np.testing.assert_allclose(means["total"], sum(means[bottom] for bottom in BOTTOMS), rtol=1e-10)


def test_answers_add_up_at_every_horizon(answer: Answer) -> None:
    found = answer({"horizon": 366, "series": "all"})
    rows = {one["unique_id"]: one["forecast"] for one in found["series"]}
    assert tuple(rows) == NODES
    assert {len(steps) for steps in rows.values()} == {366}
    assert_adds_up(rows)
    for horizon in (1, 14, 300):
        shorter = answer({"horizon": horizon, "series": "all"})
        assert {one["unique_id"]: one["forecast"] for one in shorter["series"]} == {
            name: steps[:horizon] for name, steps in rows.items()
        }
    assert answer({"horizon": 14})["forecast"] == rows["total"][:14]


def histories(sales: Path) -> list[dict[str, object]]:
    """Every bottom series' last 40 days as they were, and ten more."""
    table = pd.read_csv(sales)
    end = date.fromisoformat(table["OrderDate"].max())
    wanted = [(end + timedelta(days=step)).isoformat() for step in range(-39, 11)]
    rows: list[dict[str, object]] = []
    for number, ((country, category), cell) in enumerate(table.groupby(["Country", "Category"])):
        values = cell.set_index("OrderDate")["Revenue"].reindex(wanted, fill_value=0.0)
        values.iloc[-10:] = 1000.0 + 100 * number + np.arange(10)
        name = f"{country}/{category}"
        rows += [{"unique_id": name, "ds": day, "y": y} for day, y in values.items()]
    return rows


def test_answers_from_histories_and_origins_add_up(answer: Answer, sales: Path) -> None:
    history = histories(sales)
    days_known = sorted({str(row["ds"]) for row in history})
    found = answer({"horizon": 20, "series": "all", "history": history})
    assert {one["origin"] for one in found["series"]} == {days_known[-1]}
    assert_adds_up({one["unique_id"]: one["forecast"] for one in found["series"]})
    origins = [days_known[-20], days_known[-11], days_known[-1]]
    backtest = answer({"horizon": 20, "series": "all", "history": history, "origins": origins})
    for number, origin in enumerate(origins):
        forecasts = {one["unique_id"]: one["forecasts"][number] for one in backtest["series"]}
        assert {one["origin"] for one in forecasts.values()} == {origin}
        assert_adds_up({name: one["forecast"] for name, one in forecasts.items()})
    last = {one["unique_id"]: one["forecasts"][2]["forecast"] for one in backtest["series"]}
    assert last == {one["unique_id"]: one["forecast"] for one in found["series"]}
    # The day before the ten new ones is the model's own last: the same forecast as without a history.
    own = answer({"horizon": 20, "series": "all"})
    for one, known in zip(backtest["series"], own["series"], strict=True):
        assert one["forecasts"][1] == {"origin": known["origin"], "forecast": known["forecast"]}
    assert found["series"][0]["forecast"] != own["series"][0]["forecast"]
