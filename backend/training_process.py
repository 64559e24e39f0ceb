"""`python -m scoring.train` as a process of its own: fitting takes CPU that the pages should not wait for."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from backend.errors import TrainingFailed
from backend.process_identity import create_time, is_alive
from backend.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from backend.jobs import Job, Reporter

# The filters multiply matrices of a few rows: a second thread only spins, and made a fit ten times slower.
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
LONGEST_SECONDS = 4 * 3600.0
NICENESS = 10
LOOK_SECONDS = 0.3  # how often a run is looked at that somebody may have asked to end
EVIDENCE_LINES = 20
INPUT_REFUSED = 2  # the command's exit status when its input or an option can't be used


@dataclass(frozen=True)
class Progress:
    """How far a run is: so many steps of a phase of the training command."""

    phase: str
    done: int
    total: int


def run_training(
    reporter: Reporter,
    arguments: Sequence[str],
    log: Path,
    *,
    progress: Callable[[Progress], object] = lambda progress: None,
    seconds: float = LONGEST_SECONDS,
) -> None:
    """Run the training command to its end, as a part of a job; what it writes to stderr is left in `log`.

    `progress` is told each step that the command reports (where it is asked for them by `--progress json`).
    When the job is to stop, the process and its children are ended, and the reporter's `check` raises.
    TrainingFailed carries the command's last words when it leaves no result.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "scoring.train", *arguments],
            cwd=PROJECT_ROOT,
            env=os.environ | ONE_THREAD,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,  # so that its children can be ended with it
        )
    finished = threading.Event()
    ended_at = time.monotonic() + seconds

    def watch() -> None:
        while not finished.wait(LOOK_SECONDS):
            died = process.poll() is not None  # and its children still hold its output
            if died or reporter.is_stopping() or time.monotonic() > ended_at:
                _end_group(process.pid)
                return

    watching = threading.Thread(target=watch, name="training-watch", daemon=True)
    watching.start()
    try:
        _yield_to_others(process.pid)
        reporter.remember(process=[process.pid, create_time(process.pid) or 0.0])
        _follow(process, progress)
    finally:
        finished.set()
        watching.join()
        if process.poll() is None:  # something above raised
            _end_group(process.pid)
            process.wait()
    if process.returncode != 0:
        reporter.check()  # it was ended because the job is to stop
        raise _failure(log, process.returncode, timed_out=time.monotonic() > ended_at)


def end_left_over(job: Job) -> None:
    """End the run of a job whose application was killed; another process with its number is left alone."""
    process = job.result.get("process")
    if process and is_alive(int(process[0]), float(process[1])):
        _end_group(int(process[0]))


def _yield_to_others(pid: int) -> None:
    """Pages that are being looked at go first, and endpoints that answer."""
    with contextlib.suppress(psutil.Error, OSError):
        psutil.Process(pid).nice(NICENESS)


def _follow(process: subprocess.Popen[str], progress: Callable[[Progress], object]) -> None:
    assert process.stdout is not None  # asked for above
    with process.stdout as lines:
        for line in lines:
            found = _progress(line)
            if found is not None:
                progress(found)
    process.wait()


def _progress(line: str) -> Progress | None:
    """What a line of the command reports; None for any other line."""
    try:
        document = json.loads(line)
        return Progress(str(document["phase"]), int(document["done"]), int(document["total"]))
    except (ValueError, KeyError, TypeError):
        return None


def _end_group(leader: int) -> None:
    """Everything is written to a temporary name and renamed, so that a run may be ended at any moment."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _failure(log: Path, status: int, *, timed_out: bool) -> TrainingFailed:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    said = lines[-1] if lines else ""
    evidence = "\n".join(lines[-EVIDENCE_LINES:])
    if timed_out:
        return TrainingFailed("The training took too long.", code="training.timeout", evidence=evidence)
    if status == INPUT_REFUSED:
        return TrainingFailed(
            f"The training can't use its input: {said}",
            code="training.refused",
            evidence=evidence,
            reason=said,
        )
    return TrainingFailed(
        f"The training ended with status {status}{f': {said}' if said else ''}.",
        code="training.failed",
        evidence=evidence,
        reason=said or str(status),
    )
