"""The entry script: its answers, and that it runs wherever its files are put."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import scoring
from scoring import score
from scoring.contract import SHIPPED_FILES
from scoring.errors import ModelFileInvalid
from scoring.forecaster import Forecaster
from tests.scoring.conftest import copy_shipped_files

FOLDER = Path(scoring.__file__).parent

# How the inference server loads an entry script: by its path, the app's root at the end of sys.path.
LOAD = """
import importlib.util, json, os, sys
root, entry = sys.argv[1:]
sys.path = [path for path in sys.path if path and not path.endswith("main")] + [root]
spec = importlib.util.spec_from_file_location("entry_module", os.path.join(root, entry))
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
heavy = {"pandas", "scipy", "statsmodels", "joblib", "sklearn"} & set(sys.modules)
module.init()
print(json.dumps({"heavy": sorted(heavy), "text": module.run('{"horizon": 2}')}))
"""


@pytest.fixture
def answer(model_folder, monkeypatch):
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(model_folder))
    score.init()

    def ask(body, status=200):
        text, found = score.answer(body if isinstance(body, str) else json.dumps(body))
        assert found == status, text
        return json.loads(text, parse_constant=pytest.fail)

    return ask


def rows(series, count=None):
    pairs = list(zip(series.moments, series.values.tolist(), strict=True))[:count]
    return [{"ds": moment.date().isoformat(), "y": value} for moment, value in pairs]


def test_course_request_gets_a_plain_list(answer, course_model):
    body = answer({"data": [3]})
    assert list(body) == ["result"]
    [forecast] = Forecaster(course_model).forecast(3, ["adventureworks-daily"])
    np.testing.assert_allclose(body["result"], forecast.mean, rtol=1e-11)


def test_plain_request(answer, course_model):
    body = answer({"horizon": 366, "levels": [80, 95]})
    [forecast] = Forecaster(course_model).forecast(366, ["adventureworks-daily"])
    assert body["model"] == {"name": "adventureworks-daily", "version": 7}
    assert (body["origin"], body["frequency"]) == ("2013-12-31", "D")
    assert [row["ds"] for row in body["forecast"]] == list(forecast.dates)
    np.testing.assert_allclose([row["mean"] for row in body["forecast"]], forecast.mean, rtol=1e-11)
    for level in (80, 95):
        lower, upper = forecast.limits([level])
        for side, limits in (("lower", lower[:, 0]), ("upper", upper[:, 0])):
            answered = [row[side][str(level)] for row in body["forecast"]]
            np.testing.assert_allclose(answered, limits, rtol=1e-11)
    assert answer({"horizon": 366}) == body


def test_levels_are_those_asked_for(answer):
    [row] = answer({"horizon": 1, "levels": [99, 1]})["forecast"]
    assert list(row["lower"]) == list(row["upper"]) == ["99", "1"]
    assert row["lower"]["99"] < row["lower"]["1"] < row["mean"] < row["upper"]["1"] < row["upper"]["99"]
    assert answer({"horizon": 1, "levels": []})["forecast"][0]["lower"] == {}
    assert len(answer({"horizon": 1, "levels": list(range(1, 100))})["forecast"][0]["upper"]) == 99


def test_history_moves_the_origin(answer, course_series):
    whole = rows(course_series)
    assert answer({"horizon": 5, "history": whole}) == answer({"horizon": 5})
    moved = answer({"horizon": 5, "history": [{"ds": "2014-01-01", "y": 1000}]})
    assert (moved["origin"], moved["forecast"][0]["ds"]) == ("2014-01-01", "2014-01-02")


def test_backtest_in_one_request_is_the_same_as_one_a_request(answer, course_series):
    origins = ["2013-10-01", "2013-11-01", "2013-12-31"]
    body = answer({"horizon": 7, "history": rows(course_series), "origins": origins})
    assert [item["origin"] for item in body["forecasts"]] == origins
    for item in body["forecasts"]:
        seen = [row for row in rows(course_series) if row["ds"] <= item["origin"]]
        np.testing.assert_allclose(
            [row["mean"] for row in item["forecast"]],
            [row["mean"] for row in answer({"horizon": 7, "history": seen})["forecast"]],
            rtol=1e-11,
        )


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ("", "body_empty", 400),
        ('{"horizon": 0}', "horizon_invalid", 400),
        ('{"data": [true]}', "horizon_invalid", 400),
        ('{"horizon": 3, "history": [{"ds": "2014-01-02T03:00", "y": 1}]}', "frequency_mismatch", 400),
        (
            '{"horizon": 3, "history": [{"ds": "2014-01-02", "y": 1}, {"ds": "2014-01-04", "y": 1}]}',
            "history_gap",
            400,
        ),
        ('{"horizon": 3}' + " " * 5_000_000, "body_too_large", 413),
        ('{"horizon": "\\ud800"}', "horizon_invalid", 400),
    ],
)
def test_refusals_have_a_code_and_a_message(answer, body, code, status):
    error = answer(body, status)["error"]
    assert error["code"] == code
    assert error["message"]


def loaded_elsewhere(root: Path, entry: str, model: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOAD, str(root), entry],
        cwd=root,
        env={"AZUREML_MODEL_DIR": str(model), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "inside", ["scoring", "code", "azureml-app", ""], ids=["own", "stdlib", "dash", "flat"]
)
def test_runs_from_any_folder_with_only_its_files_and_nothing_heavy(inside, model_folder, tmp_path):
    folder = tmp_path / inside
    copy_shipped_files(folder)
    (tmp_path / "contract").mkdir()  # somebody else's, to be left alone
    found = loaded_elsewhere(tmp_path, str(Path(inside) / "score.py"), model_folder)
    assert found["heavy"] == []
    assert len(json.loads(found["text"])["forecast"]) == 2


def test_started_by_hand_it_answers_a_sample(model_folder):
    command = [sys.executable, "-W", "error", str(FOLDER / "score.py"), str(model_folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert len(json.loads(done.stdout)["forecast"]) == 3


def test_name_and_version_come_from_the_layout_else_from_the_file(model_folder, tmp_path, monkeypatch):
    def identity(root: Path, below: str) -> dict[str, object]:
        shutil.copytree(model_folder, tmp_path / root / below)
        monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path / root))
        score.init()
        return json.loads(score.answer('{"horizon": 1}')[0])["model"]

    assert identity(Path("models/demand/12"), ".") == {"name": "demand", "version": 12}
    assert identity(Path("azureml-models"), "demand/3") == {"name": "demand", "version": 3}
    assert identity(Path("anywhere"), "models") == {"name": "adventureworks-daily", "version": None}


def test_a_folder_without_exactly_one_model_is_refused(model_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("AZUREML_MODEL_DIR", str(tmp_path))
    with pytest.raises(ModelFileInvalid, match="found: none"):
        score.init()
    for name in ("a.npz", "b.npz"):
        shutil.copy(next(model_folder.rglob("*.npz")), tmp_path / name)
    with pytest.raises(ModelFileInvalid, match=r"found: a\.npz, b\.npz"):
        score.init()


def imported_by(name: str) -> set[str]:
    """The files of ours that a shipped file imports when it runs; a folder stands for its `__init__.py`."""
    found = set()
    for node in ast.parse((FOLDER / name).read_text()).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            above = Path(name).parent if node.level == 1 else Path(name).parent.parent
            module = above / (node.module or "").replace(".", "/")
            found.add(module / "__init__.py" if (FOLDER / module).is_dir() else f"{module}.py")
    return {str(path) for path in found}


def test_every_shipped_file_exists_and_they_import_nothing_else_of_ours():
    for name in SHIPPED_FILES:
        assert imported_by(name) <= set(SHIPPED_FILES), name
    needed = {"score.py"}
    while more := {file for name in needed for file in imported_by(name)} - needed:
        needed |= more
    assert set(SHIPPED_FILES) == needed | {"kinds/__init__.py"}
