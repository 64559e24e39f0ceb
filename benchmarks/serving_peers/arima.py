"""The model that every peer serves: a saved statsmodels ARIMA and the forecast it answers with.

    python arima.py PARAMETERS_JSON MODEL_FILE

rebuilds the model that the endpoint serves from its observations and parameters, and saves it with
statsmodels' own `save`. Its observations carry no dates: statsmodels is faster without them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from statsmodels.tsa.arima.model import ARIMA, ARIMAResults

LEVELS = (80, 95)
MODEL_FILE = "arima.pickle"


class ArimaForecast(TypedDict):
    """Means of the days ahead, (horizon,), and the limits at each level, by the level's name."""

    mean: list[float]
    lower: dict[str, list[float]]
    upper: dict[str, list[float]]


def load(path: str | Path = MODEL_FILE) -> Any:
    """The saved statsmodels results."""
    return ARIMAResults.load(path)


def forecast(results: Any, horizon: int) -> ArimaForecast:
    """Means and limits from one pass of statsmodels through the days ahead."""
    prediction = results.get_forecast(horizon)
    limits = {str(level): prediction.conf_int(alpha=1 - level / 100) for level in LEVELS}
    return {
        "mean": prediction.predicted_mean.tolist(),
        "lower": {level: bounds[:, 0].tolist() for level, bounds in limits.items()},
        "upper": {level: bounds[:, 1].tolist() for level, bounds in limits.items()},
    }


def save(source: Path, target: Path) -> None:
    """Rebuild the model of a JSON file and save its results; nothing is estimated anew."""
    model = json.loads(source.read_text(encoding="utf-8"))
    arima = ARIMA(np.array(model["observations"]), order=model["order"], trend=model["trend"])
    arima.smooth([model["parameters"][name] for name in arima.param_names]).save(target)


if __name__ == "__main__":
    save(Path(sys.argv[1]), Path(sys.argv[2]))
