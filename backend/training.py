"""Training again: newest actuals, a challenger, its judgement; registered as champion, or kept out."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from backend import actuals, champions, models
from backend.errors import Conflict, InvalidInput, NotFound, TrainingFailed
from backend.evaluation import judge
from backend.forecasts import ACTUALS, HORIZON_BOUNDS
from backend.panel import Panel
from backend.panel_table import read_any
from backend.run_outputs import MODEL_NAME, read_run_outputs
from backend.training_input import candidates_for, described, write_input
from backend.training_process import run_training
from backend.training_report import read_report
from backend.training_runs import keep_run, unpack_kept

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from backend.actuals import Actuals
    from backend.application import Application
    from backend.jobs import Job, Reporter
    from backend.models import RegisteredModel
    from backend.phases import TrainingPhase
    from backend.run_outputs import RunOutputs
    from backend.settings import Settings
    from backend.training_process import Progress

ACTUALS_COLUMNS = ("actuals_date_column", "actuals_value_column")
# The property that names the champion (`name:version`) with which a version was compared.
CHAMPION_BEFORE = "champion_before"
# What a model file of ours says of itself (scoring/model_file.py).
MODEL_FORMAT, DESCRIPTION = "yosoku-model", "metadata.json"
PROGRESS_SECONDS = 0.5  # between two steps that are written down
# The training command's phases as ours.
PHASES: Mapping[str, TrainingPhase] = {
    "read": "prepare",
    "backtest": "backtest",
    "fit": "fit",
    "write": "fit",
}


@dataclass(frozen=True)
class TrainingRequest:
    """What to train: a model of a name, on the actuals of a name, for so many steps ahead.

    `candidates` are those of the settings where none are named.
    """

    model_name: str
    actuals: str
    horizon: int
    candidates: str | None = None
    date_column: str | None = None
    value_column: str | None = None
    scheduled: bool = False


def check(request: TrainingRequest) -> tuple[InvalidInput, ...]:
    """What is wrong with a request, each naming its field; empty when nothing is."""
    found = []
    if not MODEL_NAME.fullmatch(request.model_name):
        found.append(
            InvalidInput(
                "The model's name must have letters, digits, dots, dashes and underscores, beginning with a "
                "letter or digit.",
                field="model_name",
                code="training.model_name",
            )
        )
    low, high = HORIZON_BOUNDS
    if not low <= request.horizon <= high:
        found.append(
            InvalidInput(
                f"The horizon must lie between {low} and {high} steps; it is {request.horizon}.",
                field="horizon",
                code="training.horizon",
                low=low,
                high=high,
            )
        )
    return tuple(found)


def start_training(application: Application, request: TrainingRequest) -> Job:
    """Begin a training that goes on without the page.

    Raises the first InvalidInput of `check`, NotFound when there are no actuals of that name, and Conflict
    while a model of that name is being trained.
    """
    for problem in check(request):
        raise problem
    _source(application, request.actuals)
    return submit_training(application, request)


def submit_training(application: Application, request: TrainingRequest) -> Job:
    """Begin a training whatever its request is: what is wrong with it is how the job ends, for all to see.

    Raises Conflict while a model of that name is being trained.
    """
    return application.jobs.submit(
        "train", request.model_name, lambda reporter: train(application, request, reporter)
    )


def train(application: Application, request: TrainingRequest, reporter: Reporter) -> Mapping[str, Any]:
    """Train, judge, and register or keep out; the result says which, with the verdict's figures."""
    work = application.settings.uploads / reporter.job_id
    try:
        return _train(application, request, reporter, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def register_kept(application: Application, job: Job) -> RegisteredModel:
    """Register the challenger that a training kept out; the champion stays the champion.

    Raises NotFound when the run is kept no more, and Conflict when it was registered already.
    """
    current = application.jobs.get(job.id) or job
    if current.result.get("model"):
        raise Conflict(
            f"It is registered already, as {current.result['model']}.",
            code="training.registered",
            model=current.result["model"],
        )
    workspace = application.workspace()
    outputs = unpack_kept(application.settings, job.id)
    try:
        champions.pin(workspace, outputs.model_name)
        model = models.register(workspace, outputs, properties=_properties(current.result))
    finally:
        shutil.rmtree(outputs.folder, ignore_errors=True)
    application.history.change_job(job.id, result={**current.result, "model": model.id, "by_hand": True})
    return model


def _train(
    application: Application, request: TrainingRequest, reporter: Reporter, work: Path
) -> Mapping[str, Any]:
    reporter.phase("prepare")
    for problem in check(request):
        raise problem
    workspace = application.workspace()
    source = _source(application, request.actuals)
    series = read_any(
        source.table(), source.name, date_column=request.date_column, value_column=request.value_column
    )
    champion = champions.champion_of(models.list_models(workspace, request.model_name), request.model_name)
    told: dict[str, Any] = {
        "actuals": request.actuals,
        "horizon": request.horizon,
        "scheduled": request.scheduled,
        "champion": champion.id if champion else None,
        **described(series),
    }
    reporter.remember(**told)
    measured = _champion_file(application, champion, series, work / "champion") if champion else None
    command = _command(application.settings, request, series, work, measured)
    run_training(reporter, command, work / "training.log", progress=_Progress(reporter))
    reporter.check()
    reporter.phase("judge")
    outputs = read_run_outputs(work / "outputs")
    report = read_report(outputs.report) if outputs.report else None
    if report is None:
        raise TrainingFailed("The training left no report.", code="training.no_report")
    verdict = judge(report, has_champion=champion is not None)
    keep_run(application.settings, reporter.job_id, outputs)
    result: dict[str, Any] = {"verdict": asdict(verdict), "model": None}
    reporter.remember(**result)
    if verdict.may_register:
        reporter.phase("register")
        result["model"] = _register_champion(application, outputs, _properties(told)).id
    return result


def _command(
    settings: Settings,
    request: TrainingRequest,
    series: Actuals | Panel,
    work: Path,
    champion: Path | None,
) -> list[str]:
    """The training command's arguments; its input is written below `work`."""
    command = [*write_input(series, work), "--output", str(work / "outputs")]
    command += ["--model-name", request.model_name]
    command += ["--candidates", request.candidates or candidates_for(series, settings)]
    command += ["--horizon", str(request.horizon), "--progress", "json"]
    if champion is not None:
        command += ["--champion", str(champion)]
    if settings.training_processes is not None:
        command += ["--processes", str(settings.training_processes)]
    return command


class _Progress:
    """Writes a run's steps down, not more often than anybody looks."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._written = 0.0

    def __call__(self, progress: Progress) -> None:
        phase = PHASES.get(progress.phase)
        if phase is None:
            return
        self._reporter.phase(phase)
        now = time.monotonic()
        if phase == "backtest" and (
            now - self._written > PROGRESS_SECONDS or progress.done == progress.total
        ):
            self._written = now
            self._reporter.remember(done=progress.done, total=progress.total)


def _source(application: Application, name: str) -> actuals.ActualsSource:
    for source in actuals.list_actuals(application.settings):
        if source.name == name:
            return source
    raise NotFound(f"There are no actuals of the name {name}.", code="training.no_actuals", name=name)


def _champion_file(
    application: Application, champion: RegisteredModel, series: Actuals | Panel, folder: Path
) -> Path | None:
    """The champion's model file; None where the training can't measure it on these actuals: it is no file of
    ours, or it or they are many series, or of another frequency."""
    if isinstance(series, Panel):
        return None
    models.download(application.workspace(), champion, folder)
    found = [path for path in folder.rglob("*.npz") if path.is_file()]
    told = _description(found[0]) if len(found) == 1 else {}
    frequency = str(told.get("frequency", ""))
    members = told.get("series")
    single = (not isinstance(members, list) or len(members) == 1) and not told.get("hierarchy")
    return found[0] if single and frequency == series.calendar else None


def _description(path: Path) -> dict[str, Any]:
    """What a model file of ours says of itself; empty for any other file."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read(DESCRIPTION))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return {}
    return found if isinstance(found, dict) and found.get("format") == MODEL_FORMAT else {}


def _register_champion(
    application: Application, outputs: RunOutputs, properties: Mapping[str, str]
) -> RegisteredModel:
    """The registered challenger, with the champion's tag from its first moment on."""
    workspace = application.workspace()
    tags = {champions.STAGE: champions.CHAMPION}
    model = models.register(workspace, outputs, tags=tags, properties=properties)
    champions.crown(workspace, model)
    return model


def _properties(told: Mapping[str, Any]) -> dict[str, str]:
    """What a version keeps of its training, from the job's result."""
    kept = {CHAMPION_BEFORE: told.get("champion"), ACTUALS: told.get("actuals")}
    kept |= dict(zip(ACTUALS_COLUMNS, told.get("columns", ()), strict=False))
    return {name: str(value) for name, value in kept.items() if value}
