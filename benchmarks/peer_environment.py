"""The environments that peers run in: each of its own, built by uv from its pinned requirements, kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import uv

from backend.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from pathlib import Path

CACHE = PROJECT_ROOT / ".benchmark-cache"
PYTHON = "3.11"
BUILD_SECONDS = 900.0


class PeerUnavailable(Exception):
    """A peer's environment is not there and can't be built; the message says why."""


def requirements_of(peer: str) -> Path:
    """The pinned requirements of a peer: benchmarks/peers/PEER.txt."""
    return PROJECT_ROOT / "benchmarks" / "peers" / f"{peer}.txt"


def peer_python(peer: str) -> Path:
    """The interpreter of a peer's environment. Raises PeerUnavailable when uv can't build it."""
    return environment_python(peer, requirements_of(peer))


def environment_python(name: str, requirements: Path) -> Path:
    """The interpreter of an environment, built on first use in a folder named after its requirements.

    Raises PeerUnavailable when uv can't build it.
    """
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    folder = CACHE / "environments" / f"{name}-{digest}"
    python = folder / "bin" / "python"
    complete = folder / "complete"
    if complete.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _uv(name, "venv", "--python", PYTHON, "--no-project", str(folder))
    _uv(
        name,
        *(
            "pip",
            "install",
            "--compile-bytecode",
            "--python",
            str(python),
            "--requirement",
            str(requirements),
        ),
    )
    complete.touch()
    return python


def _uv(name: str, *arguments: str) -> None:
    variables = os.environ | {"UV_NO_CONFIG": "1", "UV_NO_PROGRESS": "1", "NO_COLOR": "1"}
    command = [uv.find_uv_bin(), *arguments]
    try:
        subprocess.run(
            command, env=variables, check=True, capture_output=True, text=True, timeout=BUILD_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise PeerUnavailable(f"{name}: its environment took longer than {BUILD_SECONDS:g} s") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no output"])[-1]
        raise PeerUnavailable(f"{name}: its environment can't be built: {last}") from error
