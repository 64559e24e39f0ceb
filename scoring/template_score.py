"""A scoring script for a pickled model of your own: statsmodels, scikit-learn, or whatever joblib can load.

Change `forecast` to what your model answers with. Deploy it with an environment that names the libraries
that made the pickle, in their versions.
"""

import json
import os
from pathlib import Path
from typing import Any

import joblib

model: Any = None


def init() -> None:
    """Runs once, when the container starts: load the model that was registered."""
    global model
    folder = Path(os.environ["AZUREML_MODEL_DIR"])
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".pkl", ".joblib", ".pickle"))
    if not files:
        raise FileNotFoundError(f"no .pkl, .pickle or .joblib below {folder}")
    model = joblib.load(files[0])


def run(raw: str) -> dict[str, list[float]]:
    """Runs for every request, with its body as text: `{"data": [days ahead]}`."""
    days = int(json.loads(raw)["data"][0])
    return {"result": [float(value) for value in forecast(days)]}


def forecast(days: int) -> Any:
    """The next values, as many as days are asked for."""
    if hasattr(model, "forecast"):  # statsmodels
        return model.forecast(steps=days)
    return model.predict([[day] for day in range(1, days + 1)])  # scikit-learn, of the day's number
