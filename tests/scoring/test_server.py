"""score.py under the real inference server, in an environment built from envs/scoring.yml."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.scoring.conftest import ROOT, copy_shipped_files

pytestmark = pytest.mark.slow

LAUNCHER = ROOT / "tests" / "data" / "loopback_server.py"
START_SECONDS = 60


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """The interpreter of an environment with the pip list of envs/scoring.yml."""
    specification = yaml.safe_load((ROOT / "envs" / "scoring.yml").read_text())
    [packages] = [item["pip"] for item in specification["dependencies"] if isinstance(item, dict)]
    folder = tmp_path_factory.mktemp("environment")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(folder)], check=True, timeout=120)
    interpreter = folder / "bin" / "python"
    install = [*uv, "pip", "install", "-q", "--python", str(interpreter), *packages]
    subprocess.run(install, check=True, timeout=240)
    return interpreter


def start(
    python: Path, root: Path, entry: str, model: Path, log: Path
) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "AML_APP_ROOT": str(root),
        "AZUREML_MODEL_DIR": str(model),
        "GUNICORN_CMD_ARGS": "--no-control-socket",
    }
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [str(python), str(LAUNCHER), "--entry_script", entry, "--port", str(port)],
            cwd=root,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return process, port


def wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    pytest.fail(f"The server never became healthy:\n{log.read_text()}")


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    process.wait(timeout=40)


@pytest.fixture(scope="module")
def server(python, model_folder, tmp_path_factory) -> Iterator[httpx.Client]:
    root = tmp_path_factory.mktemp("azureml-app")
    copy_shipped_files(root / "source")
    log = root / "server.log"
    process, port = start(python, root, str(root / "source" / "score.py"), model_folder, log)
    try:
        wait_until_healthy(process, port, log)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        end(process)
    assert (
        "Loaded forecast_model.npz: 1 series at frequency D; the first has 154 observations"
        in log.read_text()
    )


def test_course_contract(server):
    answer = server.post("/score", json={"data": [3]})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert len(answer.json()["result"]) == 3


def test_forecast_with_history_and_origins(server, course_series):
    history = [
        {"ds": moment.date().isoformat(), "y": value}
        for moment, value in zip(course_series.moments, course_series.values.tolist(), strict=True)
    ]
    plain = server.post("/score", json={"horizon": 366, "levels": [80, 95]})
    assert (plain.status_code, len(plain.json()["forecast"])) == (200, 366)
    assert plain.json()["model"] == {"name": "adventureworks-daily", "version": 7}
    whole = server.post("/score", json={"horizon": 366, "levels": [80, 95], "history": history})
    assert whole.json() == plain.json()
    origins = [row["ds"] for row in history[20::7]]
    backtest = server.post("/score", json={"horizon": 28, "history": history, "origins": origins})
    assert [item["origin"] for item in backtest.json()["forecasts"]] == origins


def test_query_and_preflight(server):
    assert len(server.get("/score", params={"data": "[2]"}).json()["result"]) == 2
    assert len(server.get("/score", params={"horizon": "2"}).json()["forecast"]) == 2
    assert server.options("/score").status_code == 200
    assert server.get("/swagger.json").status_code == 200


BAD = {
    "empty": b"",
    "not json": b"{",
    "no horizon": b"{}",
    "zero": b'{"horizon": 0}',
    "fraction": b'{"horizon": 3.7}',
    "bool": b'{"data": [true]}',
    "huge": b'{"horizon": 1e30}',
    "NaN": b'{"horizon": NaN}',
    "deep": b"[" * 200_000,
    "digits": b'{"horizon": ' + b"9" * 100_000 + b"}",
    "byte order mark": b'\xef\xbb\xbf{"horizon": 3}',
    "not UTF-8": b"\xff\xfe\x00",
    "levels": b'{"horizon": 3, "levels": [100]}',
    "gap": b'{"horizon": 3, "history": [{"ds": "2014-01-02", "y": 1}, {"ds": "2014-01-09", "y": 1}]}',
    "large": b'{"horizon": 3}' + b" " * 5_000_000,
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_bad_input_is_a_4xx(server, body):
    answer = server.post("/score", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    if body != BAD["not UTF-8"]:  # refused by the inference server itself, before the script sees it
        assert set(answer.json()["error"]) == {"code", "message"}
        assert answer.headers["x-ms-run-function-failed"] == "False"


def test_a_form_is_a_4xx_that_says_what_to_send(server):
    answer = server.post("/score", data={"horizon": "3"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "body_empty")
    assert "application/json" in answer.json()["error"]["message"]


def test_a_damaged_model_ends_the_server_with_the_reason(python, tmp_path):
    (tmp_path / "m.npz").write_bytes(b"PK")
    log = tmp_path / "server.log"
    process, _ = start(python, tmp_path, str(ROOT / "scoring" / "score.py"), tmp_path, log)
    try:
        assert process.wait(timeout=START_SECONDS) == 3
    finally:
        end(process)
    assert "ModelFileInvalid: m.npz is not a yosoku-model file" in log.read_text()


def test_importing_the_script_costs_no_training_library(python):
    code = "import json, sys; import scoring.score; print(json.dumps(list(sys.modules)))"
    command = [str(python), "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert not {"pandas", "scipy", "statsmodels"} & set(json.loads(done.stdout))
