"""What is done by the clock: training again every model whose champion was trained here, one after the other,
and what others add.

A setting is a cron expression in the server's own time zone. Every process of the app that has the state
folder open keeps the clock, so that one that ends takes nothing with it; a lock and the jobs on record make
sure that each turn is worked on once.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from backend import champions, models
from backend.errors import Conflict, YosokuError
from backend.forecasts import ACTUALS
from backend.training import ACTUALS_COLUMNS, TrainingRequest, submit_training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backend.application import Application
    from backend.jobs import Jobs
    from backend.models import RegisteredModel
    from backend.settings import Settings

logger = logging.getLogger(__name__)

TRAINING = "train"
LOCK = "training-schedule.lock"
LOOK_SECONDS = 2.0  # how often a training that runs already is looked at
LATEST_SECONDS = 3600  # a turn that the machine slept through is made up for, this late at most
DEFAULT_HORIZON = 28
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Schedule:
    """The clock of one process; it stands still where no task is set."""

    def __init__(self, application: Application) -> None:
        self._scheduler: Any = None
        expression = application.settings.training_schedule
        if expression:
            self.add(TRAINING, expression, partial(train_all, application))

    def add(self, task: str, expression: str, work: Callable[[datetime], object]) -> None:
        """Do work at each turn of a cron expression; it is given the moment at which the turn was due.

        A turn that comes while the one before is still worked on is left out.
        """
        if self._scheduler is None:
            from apscheduler.schedulers.background import BackgroundScheduler

            self._scheduler = BackgroundScheduler()
            self._scheduler.start()
        self._scheduler.add_job(
            lambda: work(datetime.now(UTC).replace(second=0, microsecond=0)),
            read_cron(expression),
            id=task,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=LATEST_SECONDS,
        )

    @property
    def next_turn(self) -> datetime | None:
        """When the models are trained next; None where they aren't by the clock."""
        return self.next_turn_of(TRAINING)

    def next_turn_of(self, task: str) -> datetime | None:
        """When a task is done next; None where it isn't by the clock."""
        job = self._scheduler.get_job(task) if self._scheduler else None
        return job.next_run_time if job else None

    def close(self) -> None:
        """Begin no further turn."""
        if self._scheduler:
            self._scheduler.shutdown(wait=False)


@contextlib.contextmanager
def turn(settings: Settings, lock_name: str) -> Iterator[bool]:
    """Hold the turn of a task; False while another process of the same state folder holds it."""
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (settings.state_dir / lock_name).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def read_cron(expression: str) -> Any:
    """APScheduler's trigger of a cron expression of five fields; ValueError says what is wrong with it.

    Weekdays may be numbers, Sunday being 0 or 7 as in cron (APScheduler counts from Monday), or names.
    """
    from apscheduler.triggers.cron import CronTrigger

    fields = expression.split()
    if len(fields) == 5:
        fields[4] = ",".join(_weekdays(part) for part in fields[4].lower().split(","))
    return CronTrigger.from_crontab(" ".join(fields))


def train_all(application: Application, due: datetime) -> list[str]:
    """Train every model that is trained by the clock, for the turn due at a moment; the ids of the jobs.

    A model that another process or a person is training, or has trained since then, is left out.
    """
    with turn(application.settings, LOCK) as is_ours:
        if not is_ours:
            return []
        try:
            chosen = scheduled(champions.champions(models.list_models(application.workspace())))
        except YosokuError:
            logger.exception("the scheduled training could not read the registry")
            return []
        return [job for model in chosen if (job := _train(application, model, due))]


def scheduled(found: dict[str, RegisteredModel]) -> list[RegisteredModel]:
    """The champions that are trained by the clock: those that a training here left, with a report
    and the name of their actuals."""
    return [model for model in found.values() if model.has_report and ACTUALS in model.properties]


def _train(application: Application, model: RegisteredModel, due: datetime) -> str | None:
    jobs = application.jobs
    while _is_training(jobs):
        if jobs.pause(LOOK_SECONDS):
            return None
    last = jobs.latest("train", model.name)
    if last is not None and last.started >= due:
        return None
    horizon = model.properties.get("horizon", "")
    request = TrainingRequest(
        model_name=model.name,
        actuals=model.properties[ACTUALS],
        horizon=int(horizon) if horizon.isdigit() else DEFAULT_HORIZON,
        date_column=model.properties.get(ACTUALS_COLUMNS[0]),
        value_column=model.properties.get(ACTUALS_COLUMNS[1]),
        scheduled=True,
    )
    try:
        job = submit_training(application, request)
    except Conflict:
        return None
    jobs.wait(job)
    return job.id


def _is_training(jobs: Jobs) -> bool:
    gone = {job.id for job in jobs.abandoned()}
    return any(job.kind == "train" and job.id not in gone for job in jobs.running())


def _weekdays(part: str) -> str:
    """One part of cron's last field in names: `1-5/2` is mon,wed,fri."""
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()):
        return part
    begin, end = int(first), int(last) if dash else int(first)
    if step and not dash:
        end = 6
    if not 0 <= begin <= end <= 7 or (step and not step.isdigit()) or step == "0":
        raise ValueError(f"{part!r} is not a weekday from 0 (Sunday) to 7 (Sunday)")
    return ",".join(dict.fromkeys(WEEKDAYS[day % 7] for day in range(begin, end + 1, int(step or 1))))
