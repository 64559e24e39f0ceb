"""The peers of the serving benchmark: each one's own command, in an environment and a folder of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from backend.settings import PROJECT_ROOT
from backend.training_process import ONE_THREAD
from benchmarks.peer_environment import peer_python
from benchmarks.plain_server import end_session, free_port
from benchmarks.serving_servers import LEVELS, RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCRIPTS = PROJECT_ROOT / "benchmarks" / "serving_peers"
MODEL_FILE = "arima.pickle"
STOP_SECONDS = 10.0
PREPARE_SECONDS = 120


@dataclass(frozen=True)
class Peer:
    """A peer's own command, run in its own environment and a folder with the saved model.

    `arguments` may name the port as {port}; `request` holds the horizon as %d; `key` is where the answer has
    the figures, empty for at its top.
    """

    name: str
    python: Path
    folder: Path
    arguments: tuple[str, ...]
    path: str
    request: str
    key: str = ""

    @contextlib.contextmanager
    def run(self) -> Iterator[RunningServer]:
        """See Server."""
        port = free_port()
        command, *arguments = (argument.format(port=port) for argument in self.arguments)
        started = time.perf_counter()
        with (self.folder / "server.log").open("ab") as log:
            server = subprocess.Popen(
                [str(self.python.with_name(command)), *arguments],
                cwd=self.folder,
                env=peer_variables(self.python, self.folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = psutil.Process(server.pid)
        try:
            yield RunningServer(process, port, started)
        finally:
            workers = process.children(recursive=True)
            end_session(server)
            # A server may leave its workers to end by themselves, or in sessions of their own.
            _, left = psutil.wait_procs(workers, STOP_SECONDS)
            for one in left:
                one.kill()

    def body(self, horizon: int) -> str:
        """See Server."""
        return self.request % horizon

    def figures(self, answer: Any) -> np.ndarray:
        """See Server."""
        found = answer[self.key] if self.key else answer
        limits_found = [found[side][level] for side in ("lower", "upper") for level in LEVELS]
        return np.array([found["mean"], *limits_found]).T


def mlflow(model: Path, folder: Path) -> Peer:
    """`mlflow models serve` of a pyfunc model from code. Raises PeerUnavailable, as the others do."""
    python = prepared("mlflow", model, folder)
    _run_script(python, folder, "mlflow_model.py", MODEL_FILE, "model")
    return Peer(
        "MLflow",
        python,
        folder,
        ("mlflow", "models", "serve", "--model-uri", "model", "--env-manager", "local", "--port", "{port}"),
        "/invocations",
        '{"inputs": [%d]}',
        "predictions",
    )


def bentoml(model: Path, folder: Path) -> Peer:
    """`bentoml serve` in its production mode, which is its default."""
    return Peer(
        "BentoML",
        prepared("bentoml", model, folder),
        folder,
        ("bentoml", "serve", "bentoml_service:ArimaService", "--host", "127.0.0.1", "--port", "{port}"),
        "/forecast",
        '{"horizon": %d}',
    )


def fastapi(model: Path, folder: Path) -> Peer:
    """FastAPI on uvicorn, which takes uvloop and httptools when they are there; without access log."""
    return Peer(
        "FastAPI",
        prepared("fastapi", model, folder),
        folder,
        ("uvicorn", "fastapi_app:app", "--port", "{port}", "--no-access-log"),
        "/forecast",
        '{"horizon": %d}',
    )


PEERS = (mlflow, bentoml, fastapi)


def prepared(peer: str, model: Path, folder: Path) -> Path:
    """Build a peer's environment and save its model in `folder`; the environment's interpreter.

    Raises PeerUnavailable when the environment can't be built.
    """
    python = peer_python(peer)
    folder.mkdir()
    _run_script(python, folder, "arima.py", str(model), MODEL_FILE)
    return python


def peer_variables(python: Path, folder: Path) -> dict[str, str]:
    """A peer's environment first on the path, the scripts importable, nothing reported to anybody."""
    return ONE_THREAD | {
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": str(SCRIPTS),
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "BENTOML_HOME": str(folder),
        "BENTOML_DO_NOT_TRACK": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def _run_script(python: Path, folder: Path, script: str, *arguments: str) -> None:
    """Run one of the peers' scripts in a peer's environment."""
    subprocess.run(
        [str(python), str(SCRIPTS / script), *arguments],
        cwd=folder,
        env=peer_variables(python, folder),
        capture_output=True,
        timeout=PREPARE_SECONDS,
        check=True,
    )
