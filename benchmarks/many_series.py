"""A thousand daily series: trained in one run, served by one endpoint, answered in one request."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from backend import environments, models, services
from backend.deployments import DeploymentRequest, start_deployment
from backend.endpoint import open_endpoint
from backend.run_outputs import read_run_outputs
from backend.scripts import bundled_script
from backend.settings import PROJECT_ROOT
from backend.training_process import ONE_THREAD
from benchmarks.measurement import Measurement, measurement
from benchmarks.peer_environment import PeerUnavailable, environment_python
from benchmarks.product import finished
from benchmarks.series_collections import adventureworks_sales
from benchmarks.training_command import run_training
from scoring.model_file import MODEL_FILE_NAME
from scoring.run_outputs import MODEL_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.product import Product

SERIES, DAYS, HORIZON, ORIGINS, CORES = 1_000, 300, 28, 8, 2
WEEKS_IN_A_BLOCK = 4
SEED = 0
NAME = "thousand-series"
REQUIREMENTS = PROJECT_ROOT / "requirements-many-series.txt"
TRAINING_BOUND_SECONDS, ANSWER_BOUND_SECONDS = 600.0, 1.0
TRAINING_LIMIT_SECONDS, DEPLOYING_SECONDS = 3_600.0, 120.0
ANSWERS = 5
MEMORY_GB = 2.0
TITLE = "A thousand series"
METHOD = f"""
{SERIES:,} daily series of {DAYS} days, made from the 18 of AdventureWorks (daily revenue of 6 countries x 3
categories) by resampling (seed {SEED}): each takes one of the 18, its last {DAYS} days, and puts whole weeks
of it together anew in blocks of {WEEKS_IN_A_BLOCK}, drawn with replacement, so that every value is a real one
on its own weekday. `python -m scoring.train --candidates quick --horizon {HORIZON} --origins {ORIGINS}
--processes {CORES}` then reads the long table, backtests every candidate for every series, chooses each
series' champion and writes one model file; the seconds are those of the whole command. Once it runs in the
environment of requirements-many-series.txt, where statsforecast fits one of the candidates, and once in the
app's own. The first one's model is registered and deployed; one request, `{{"horizon": {HORIZON}, "series":
"all"}}`, is answered with all {SERIES:,} forecasts and their limits at 80 and 95 %, through the gateway; the
median of {ANSWERS} after one that doesn't count. No answer is kept: each is made anew.
"""
WHERE_THE_TIME_GOES = """
in training, half in the fits of two candidates, the theta method and the decomposition, and most of the other
half in holding every candidate's forecasts against what came; what has a closed form takes next to nothing.
In an answer, more than half in the quantiles of each series' errors, the rest in writing 140,000 numbers as
text: the forecasts themselves are made by init(), all 366 steps of each series.
"""
# What the inference server does when it starts, timed.
INIT = """
import time
import scoring.score
began = time.perf_counter()
scoring.score.init()
print(time.perf_counter() - began)
"""


def measure(product: Product) -> list[Measurement]:
    """Train with and without the extra, deploy, and ask for everything at once."""
    folder = product.folder / "many-series"
    folder.mkdir()
    table = folder / "series.csv"
    write_series(table)
    outputs: list[Path] = []
    found = []
    for where, python, bound in _environments():
        outputs.append(folder / str(len(outputs)))
        seconds = train(python, table, outputs[-1])
        found.append(measurement(f"{TITLE}: trained in {where}", seconds, "s", bound=bound))
    trained = outputs[0]
    size = (trained / MODEL_FOLDER / MODEL_FILE_NAME).stat().st_size / 1e6
    return [
        *found,
        *answered(product, trained),
        measurement(f"{TITLE}: init()", init_seconds(product.scoring_python, trained), "s"),
        measurement(f"{TITLE}: model file", size, "MB"),
    ]


def write_series(table: Path) -> None:
    """Write the long table: unique_id, ds, y."""
    generator = np.random.default_rng(SEED)
    real = [one.values[-DAYS:] for one in adventureworks_sales()]
    dates = pd.date_range("2024-01-01", periods=DAYS).strftime("%Y-%m-%d")
    resampled = [_resampled(real[generator.integers(len(real))], generator) for _ in range(SERIES)]
    rows = {
        "unique_id": np.repeat([f"series-{number:04d}" for number in range(SERIES)], DAYS),
        "ds": np.tile(dates, SERIES),
        "y": np.concatenate(resampled).round(2),
    }
    pd.DataFrame(rows).to_csv(table, index=False)


def _resampled(values: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The series anew from blocks of its own weeks; each value stays on its weekday."""
    block = 7 * WEEKS_IN_A_BLOCK
    starts = 7 * generator.integers((values.size - block) // 7 + 1, size=-(-values.size // block))
    return np.concatenate([values[start : start + block] for start in starts])[: values.size]


def train(python: Path, table: Path, output: Path) -> float:
    """Run the training command; the seconds it took."""
    arguments = ["--input", str(table), "--output", str(output), "--model-name", NAME]
    arguments += ["--candidates", "quick", "--horizon", str(HORIZON), "--origins", str(ORIGINS)]
    began = time.perf_counter()
    run_training([*arguments, "--processes", str(CORES)], seconds=TRAINING_LIMIT_SECONDS, python=python)
    return time.perf_counter() - began


def answered(product: Product, trained: Path) -> list[Measurement]:
    """Register and deploy what was trained, and ask for all series at once."""
    application = product.application
    workspace = application.workspace()
    model = models.register(workspace, read_run_outputs(trained))
    request = DeploymentRequest(
        service_name=NAME,
        model_name=model.name,
        model_version=model.version,
        script=bundled_script(),
        environment=environments.read(environments.ENVS / environments.OURS),
        cpu_cores=1.0,
        memory_gb=MEMORY_GB,
    )
    job = finished(application, start_deployment(application, request), DEPLOYING_SECONDS)
    if job.error:
        raise RuntimeError(f"{NAME} failed: {job.error.message}\n{job.error.evidence}")
    client = open_endpoint(workspace, services.get_endpoint(workspace, NAME))
    answers = [client.score({"horizon": HORIZON, "series": "all"}) for _ in range(ANSWERS + 1)][1:]
    for answer in answers:
        steps = [len(one["forecast"]) for one in answer.body["series"]]
        if steps != [HORIZON] * SERIES:
            raise RuntimeError(f"{len(steps)} series were answered, not {SERIES} of {HORIZON} steps each")
    services.delete_endpoint(workspace, NAME)
    seconds = [answer.latency_ms / 1000 for answer in answers]
    return [
        measurement(
            f"{TITLE}: one request for all", statistics.median(seconds), "s", bound=ANSWER_BOUND_SECONDS
        ),
        measurement(f"{TITLE}: slowest of {ANSWERS}", max(seconds), "s"),
        measurement(f"{TITLE}: answer", len(answers[0].text) / 1e6, "MB"),
    ]


def init_seconds(python: Path, trained: Path) -> float:
    """How long a scoring process loads the model and makes its forecasts, the median of three."""
    variables = os.environ | ONE_THREAD | {"AZUREML_MODEL_DIR": str(trained / MODEL_FOLDER)}
    runs = [
        subprocess.run(
            [str(python), "-c", INIT],
            cwd=PROJECT_ROOT,
            env=variables,
            capture_output=True,
            text=True,
            timeout=DEPLOYING_SECONDS,
            check=True,
        )
        for _ in range(3)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def _environments() -> Iterator[tuple[str, Path, float | None]]:
    """Where to train and in how many seconds, the extra's environment first; named when it can't be had."""
    try:
        python = environment_python("many-series", REQUIREMENTS)
        yield "the extra's environment", python, TRAINING_BOUND_SECONDS
    except PeerUnavailable as error:
        print(f"Skipped: {error}", file=sys.stderr)
    yield "the app's environment", Path(sys.executable), None
