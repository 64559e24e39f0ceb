"""What trainings left, kept for the Models page: the newest runs, each a folder of run outputs."""

from __future__ import annotations

import re
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from backend import models
from backend.errors import NotFound
from backend.run_outputs import read_run_outputs
from backend.training_report import REPORT_FILE, read_report

if TYPE_CHECKING:
    from azureml.core import Workspace

    from backend.models import RegisteredModel
    from backend.run_outputs import RunOutputs
    from backend.settings import Settings
    from backend.training_report import TrainingReport

KEPT = 20
RUN = re.compile(r"[0-9a-f]{32}")


def keep_run(settings: Settings, run: str, outputs: RunOutputs) -> None:
    """Keep a run's outputs under its job's id; of all the runs the newest are kept."""
    settings.training_runs.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = settings.training_runs / f"{uuid.uuid4().hex}.partial"
    shutil.copytree(outputs.folder, partial)
    folder = _folder(settings, run)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    folder.touch()  # a copy has the time of what was copied
    _forget_old(settings.training_runs)


def kept_report(settings: Settings, run: str) -> TrainingReport:
    """The report of a kept run; NotFound when the run is kept no more, InvalidReport when it is damaged."""
    return read_report(_existing(settings, run) / REPORT_FILE)


def registered_report(workspace: Workspace, model: RegisteredModel) -> TrainingReport:
    """The report that was registered with a version, wherever that was; NotFound when none was."""
    with tempfile.TemporaryDirectory() as folder:
        models.download(workspace, model, Path(folder))
        found = sorted(Path(folder).rglob(REPORT_FILE))
        if not found:
            raise NotFound(
                f"{model.id} was registered without a report.",
                code="training.no_version_report",
                name=model.id,
            )
        return read_report(found[0])


def unpack_kept(settings: Settings, run: str) -> RunOutputs:
    """A copy of a kept run's outputs where the registry takes them from; the caller removes its folder."""
    staged = settings.uploads / uuid.uuid4().hex
    staged.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(_existing(settings, run), staged)
    try:
        return read_run_outputs(staged)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _folder(settings: Settings, run: str) -> Path:
    if not RUN.fullmatch(run):  # it becomes part of a path
        raise _gone(run)
    return settings.training_runs / run


def _existing(settings: Settings, run: str) -> Path:
    folder = _folder(settings, run)
    if not folder.is_dir():
        raise _gone(run)
    return folder


def _gone(run: str) -> NotFound:
    return NotFound(f"The training run {run[:40]} is kept no more.", code="training.run_gone", run=run[:40])


def _forget_old(folder: Path) -> None:
    runs = sorted(folder.iterdir(), key=lambda run: run.stat().st_mtime, reverse=True)
    for run in runs[KEPT:]:
        shutil.rmtree(run, ignore_errors=True)
