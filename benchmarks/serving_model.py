"""The one ARIMA of the serving benchmark: trained as ours are, and its parameters for the peers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from backend.demonstration import DATA
from backend.settings import PROJECT_ROOT
from scoring.model_file import MODEL_FILE_NAME, read_model
from scoring.run_outputs import MODEL_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

ORDER = (2, 0, 2)
TRAINING_SECONDS = 300
# Threads of BLAS only spin on matrices this small.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def train(folder: Path) -> Path:
    """Train the course's order on the bundled series; the folder that an endpoint is given as its model."""
    command = [sys.executable, "-m", "scoring.train", "--input", str(DATA), "--output", str(folder)]
    command += ["--model-name", "serving", "--order", ",".join(map(str, ORDER))]
    subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=TRAINING_SECONDS,
        check=True,
    )
    return folder / MODEL_FOLDER


def write_for_peers(model_dir: Path, target: Path) -> None:
    """Write the trained model's observations, order and parameters as JSON; statsmodels rebuilds it."""
    model = read_model(model_dir / MODEL_FILE_NAME)
    [series] = model.series
    facts: dict[str, Any] = dict(model.facts)
    rebuilt = {key: facts[key] for key in ("order", "trend", "parameters")}
    rebuilt["observations"] = series.observations.tolist()
    target.write_text(json.dumps(rebuilt), encoding="utf-8")
