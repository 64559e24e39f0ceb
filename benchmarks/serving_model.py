"""The one ARIMA of the serving benchmark: trained as ours are, and its parameters for the peers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from backend.actuals import BUNDLED
from benchmarks.training_command import run_training
from scoring.model_file import MODEL_FILE_NAME, read_model
from scoring.run_outputs import MODEL_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

ORDER = (2, 0, 2)
TRAINING_SECONDS = 300


def train(folder: Path) -> Path:
    """Train the course's order on the bundled series; the folder that an endpoint is given as its model."""
    arguments = ["--input", str(BUNDLED), "--output", str(folder), "--model-name", "serving"]
    run_training([*arguments, "--order", ",".join(map(str, ORDER))], seconds=TRAINING_SECONDS)
    return folder / MODEL_FOLDER


def write_for_peers(model_dir: Path, target: Path) -> None:
    """Write the trained model's observations, order and parameters as JSON; statsmodels rebuilds it."""
    model = read_model(model_dir / MODEL_FILE_NAME)
    [series] = model.series
    facts: dict[str, Any] = dict(model.facts)
    rebuilt = {key: facts[key] for key in ("order", "trend", "parameters")}
    rebuilt["observations"] = series.observations.tolist()
    target.write_text(json.dumps(rebuilt), encoding="utf-8")
