"""What a training run leaves: `models/`, `metric.json`, and `report.json` where candidates competed."""

from __future__ import annotations

import json
import logging
import platform
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .array_files import write_atomically
from .errors import TrainingInputInvalid
from .model_file import MODEL_FILE_NAME, ForecastModel, write_model

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

MODEL_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
MODEL_FOLDER = "models"
METRIC_FILE = "metric.json"
REPORT_FILE = "report.json"


@dataclass(frozen=True)
class TrainedModel:
    """A fitted and measured model; `metrics` is what metric.json holds, the course's keys first."""

    model: ForecastModel
    metrics: dict[str, object]
    report: dict[str, object] | None = None


def check_model_name(name: str) -> None:
    """Raise TrainingInputInvalid for a name that no registry takes."""
    if not MODEL_NAME.fullmatch(name):
        raise TrainingInputInvalid(
            "model name", "use 1 to 255 letters, digits, _, - and ., the first a letter, digit or _."
        )


def write_run_outputs(trained: TrainedModel, output: Path) -> None:
    """Write `models/`, the report and, last, metric.json: a folder that has it is complete.

    metric.json tells besides with which versions the model file was made, for whoever deploys it.
    """
    write_model(trained.model, output / MODEL_FOLDER / MODEL_FILE_NAME)
    if trained.report is not None:
        write_atomically(output / REPORT_FILE, _json(trained.report))
    write_atomically(output / METRIC_FILE, _json({**trained.metrics, "packages": _packages()}))
    logger.info("Wrote %s and %s to %s", MODEL_FILE_NAME, METRIC_FILE, output)


def _packages() -> dict[str, str]:
    """What reading the model file depends on."""
    return {"python": platform.python_version(), "numpy": np.__version__}


def _json(values: dict[str, object]) -> bytes:
    return (json.dumps(values, indent=2, allow_nan=False) + "\n").encode()
