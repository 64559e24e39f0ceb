"""What several scoring tests share: the course's model, trained once by the command."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from scoring.contract import SHIPPED_FILES
from scoring.model_file import MODEL_FILE_NAME, ForecastModel, read_model
from scoring.series import Series, read_series

ROOT = Path(__file__).resolve().parents[2]
COURSE_DATA = ROOT / "data" / "adventureworks_daily.csv"
COURSE_START, COURSE_END = datetime(2013, 7, 31), datetime(2013, 12, 31)


def copy_shipped_files(folder: Path) -> None:
    """What an endpoint gets of the scoring room, and nothing else of it."""
    for name in SHIPPED_FILES:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "scoring" / name, target)


def run_training(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`python -m scoring.train` on the bundled data, in a process of its own."""
    command = [sys.executable, "-W", "error", "-m", "scoring.train", "--input", str(COURSE_DATA)]
    return subprocess.run(
        [*command, "--output", str(output), "--model-name", "adventureworks-daily", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="session")
def course_series() -> Series:
    return read_series(COURSE_DATA, start=COURSE_START, end=COURSE_END)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course's model in the registered layout: <name>/<version>/models/<file>, and metric.json."""
    folder = tmp_path_factory.mktemp("azureml-models") / "adventureworks-daily" / "7"
    done = run_training(folder, "--start", "2013-07-31", "--end", "2013-12-31")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    return folder


@pytest.fixture(scope="session")
def course_model(model_folder: Path) -> ForecastModel:
    return read_model(model_folder / "models" / MODEL_FILE_NAME)
