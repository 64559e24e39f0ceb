"""What the app reads from a file is what a model trained on the same file takes, at every frequency."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from backend.actuals import read_actuals
from backend.forecast_types import read_moment, written
from backend.forecasts import origins_of
from scoring import score
from scoring.train import main

CALENDARS = ["h", "D", "B", "W-WED", "MS", "ME", "QS-FEB", "QE-MAR", "YS-JAN", "YE-DEC"]


@pytest.mark.parametrize("calendar", CALENDARS)
def test_a_model_takes_the_actuals_of_its_own_file(
    calendar: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = pd.date_range("2001-01-01", periods=60, freq=calendar)
    walk = 100 + np.random.default_rng(1).normal(size=steps.size).cumsum()
    text = pd.DataFrame({"when": steps, "y": walk}).to_csv(index=False)
    (tmp_path / "series.csv").write_text(text)
    files = ["--input", str(tmp_path / "series.csv"), "--output", str(tmp_path / "outputs")]
    assert main([*files, "--model-name", "m", "--order", "1,0,0", "--starts", "0"]) == 0
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path / "outputs"))
    score.init()

    actuals = read_actuals(BytesIO(text.encode()), "test")
    assert actuals.origin == steps[-1].to_pydatetime()
    origins = [written(origin) for origin in origins_of(actuals)]
    request = {"horizon": 2, "levels": [80], "history": actuals.history(), "origins": origins}
    text, status = score.answer(json.dumps(request))
    assert status == 200, text
    answer = json.loads(text)
    assert answer["frequency"] == actuals.calendar
    assert [forecast["origin"] for forecast in answer["forecasts"]] == origins
    following = pd.date_range(steps[-1], periods=3, freq=calendar)[1:]
    told = [read_moment(point["ds"]) for point in answer["forecasts"][-1]["forecast"]]
    assert told == following.to_pydatetime().tolist()
