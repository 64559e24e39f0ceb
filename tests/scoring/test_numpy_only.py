"""A champion's endpoint needs numpy and nothing else: no statsmodels, pandas or scipy, no training code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scoring.answer import ModelIdentity, answer_text
from scoring.contract import SHIPPED_FILES, parse_request
from scoring.forecaster import Forecaster
from scoring.kinds.combination import Combination
from scoring.model_file import ForecastModel, read_model, write_model
from tests.scoring.conftest import copy_shipped_files
from tests.scoring.kind_examples import bootstrap, kinds, model_of, series_model, weekly_values
from tests.scoring.test_hierarchy import BOTTOMS, family
from tests.scoring.test_many_series import rows

# In an interpreter without site-packages: what can't be imported, what was, and the answers.
ANSWER = """
import importlib.util, json, os, sys
sys.path.insert(0, sys.argv[1])
entry, bodies = sys.argv[2], json.loads(sys.argv[3])
heavy = ("statsmodels", "pandas", "scipy", "sklearn", "tqdm")
found = [name for name in heavy if importlib.util.find_spec(name)]
spec = importlib.util.spec_from_file_location("entry_module", entry)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.init()
answers = [module.run(json.dumps(body)) for body in bodies]
foreign = sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names))
print(json.dumps({"installed": found, "foreign": foreign, "answers": answers}))
"""


def champion() -> ForecastModel:
    """The mean of models of every kind: state space, smoothing, theta, logarithm, profile, median."""
    members = tuple(
        kinds()[name]
        for name in (
            *("ARMA", "seasonal ARIMA", "structural", "smoothing", "multiplicative", "theta", "logarithm"),
            *("season taken out", "grouped profile", "fading profile", "seasonal naive", "median of four"),
        )
    )
    return model_of(
        series_model(
            Combination(members, "mean"), weekly_values(120), bootstrap((0, 0, 1, 1, 0, 0, 0), 91, 0.0)
        )
    )


@pytest.fixture(scope="module")
def numpy_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this environment's numpy, to be the only thing on the path."""
    folder = tmp_path_factory.mktemp("only-numpy")
    (folder / "numpy").symlink_to(Path(np.__file__).parent)
    return folder


def asked_elsewhere(
    numpy_alone: Path, folder: Path, model: ForecastModel, bodies: list[dict[str, Any]]
) -> dict[str, Any]:
    """What the shipped files answer by themselves, in a process that has numpy alone."""
    copy_shipped_files(folder / "app")
    copied = sorted(str(path.relative_to(folder / "app")) for path in (folder / "app").rglob("*.py"))
    assert copied == sorted(SHIPPED_FILES)
    write_model(model, folder / "model" / "forecast_model.npz")
    script = [str(numpy_alone), str(folder / "app" / "score.py"), json.dumps(bodies)]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", ANSWER, *script],
        cwd=folder,
        env={"AZUREML_MODEL_DIR": str(folder / "model"), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answered_here(folder: Path, bodies: list[dict[str, Any]]) -> list[Any]:
    forecaster = Forecaster(read_model(folder / "model" / "forecast_model.npz"))
    identity = ModelIdentity("m", None)
    return [json.loads(answer_text(forecaster, identity, parse_request(json.dumps(body)))) for body in bodies]


def numbers(answer: Any) -> list[float]:
    """All numbers of an answer, in its order."""
    if isinstance(answer, dict | list):
        inner = answer.values() if isinstance(answer, dict) else answer
        return [number for value in inner for number in numbers(value)]
    return [answer] if isinstance(answer, float | int) else []


def assert_answers_the_same(
    numpy_alone: Path, folder: Path, model: ForecastModel, bodies: list[dict[str, Any]]
) -> None:
    found = asked_elsewhere(numpy_alone, folder, model, bodies)
    assert found["installed"] == []
    foreign = {name for name in found["foreign"] if "cython" not in name}  # what numpy is compiled with
    assert foreign <= {"__main__", "numpy", "yosoku_scoring", "entry_module"}
    for text, expected in zip(found["answers"], answered_here(folder, bodies), strict=True):
        answer = json.loads(text, parse_constant=pytest.fail)
        assert list(answer) == list(expected)
        np.testing.assert_allclose(numbers(answer), numbers(expected), rtol=1e-9)
        assert len(numbers(answer)) > 1


def test_a_combination_of_every_kind_answers_with_numpy_alone(numpy_alone: Path, tmp_path: Path) -> None:
    history = rows(100, 40)
    origins = [row["ds"] for row in history[5::9]]
    bodies: list[dict[str, Any]] = [
        {"data": [3]},
        {"horizon": 366, "levels": [50, 80, 95]},
        {"horizon": 14, "history": history},
        {"horizon": 14, "history": history, "origins": origins},
    ]
    assert_answers_the_same(numpy_alone, tmp_path, champion(), bodies)


def test_a_hierarchy_answers_with_numpy_alone(numpy_alone: Path, tmp_path: Path) -> None:
    bodies: list[dict[str, Any]] = [
        {"horizon": 28, "series": "all"},
        {"horizon": 7, "history": rows(70, 9, *BOTTOMS)},
    ]
    assert_answers_the_same(numpy_alone, tmp_path, family(), bodies)
