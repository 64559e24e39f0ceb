"""Fit and pickle a small statsmodels model the way the course's notebook does; for tests that deploy it."""

from __future__ import annotations

import json
from pathlib import Path

import joblib
import pandas as pd
from statsmodels.tsa.arima.model import ARIMA

DATA = Path(__file__).resolve().parents[2] / "data" / "adventureworks_daily.csv"


def write_course_model(folder: Path) -> list[float]:
    """Leave `models/arima_model.pkl` and `metric.json` in the folder; returns the next three values."""
    table = pd.read_csv(DATA, index_col="TransactionDate", parse_dates=True).asfreq("D")
    series = table["PaidAmount"]["2013-07-31":"2013-12-15"]
    # ARIMA(1,0,1) converges from statsmodels' own start, which (2,0,2) doesn't, and fits in a moment.
    results = ARIMA(series, order=(1, 0, 1)).fit()
    (folder / "models").mkdir(parents=True, exist_ok=True)
    joblib.dump(results, folder / "models" / "arima_model.pkl")
    metric = {"run_id": "course-run", "model_name": "AdventureWorks-ARIMA", "RMSE": 498.1, "R2": -0.044}
    (folder / "metric.json").write_text(json.dumps(metric))
    return results.forecast(3).tolist()
