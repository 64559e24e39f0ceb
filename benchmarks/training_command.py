"""`python -m scoring.train` as the benchmarks call it: in one thread a process, told to be quiet."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from backend.settings import PROJECT_ROOT
from backend.training_process import ONE_THREAD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def run_training(arguments: Sequence[str], *, seconds: float, python: Path | str = sys.executable) -> None:
    """Run the command by `python`; CalledProcessError when it fails, TimeoutExpired after so many seconds."""
    subprocess.run(
        [str(python), "-m", "scoring.train", *arguments],
        cwd=PROJECT_ROOT,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=seconds,
        check=True,
    )
