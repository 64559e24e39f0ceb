"""Training again on the real workspace with the real command: register, keep out, cancel, fail, be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from backend import champions, models, training
from backend.application import Application, open_application
from backend.errors import Conflict, InvalidInput, NotFound
from backend.evaluation import Verdict
from backend.jobs import Job
from backend.run_outputs import read_run_outputs
from backend.settings import PROJECT_ROOT, Settings
from backend.training import TrainingRequest, register_kept, start_training
from backend.training_runs import KEPT, keep_run, kept_report, registered_report
from tests.backend.conftest import LeaveOutputs
from tests.conftest import wait_for

NAME = "retrained"
WEAK, STRONG = "naive", "seasonal-naive,season-regression-13"
DEADLINE_SECONDS = 60


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def own_settings(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The workspace of the run, with a history of these tests' own."""
    history = tmp_path_factory.mktemp("history") / "yosoku.db"
    changed = {"database_url": f"sqlite:///{history}", "training_processes": 1}
    return application.settings.model_copy(update=changed)


@pytest.fixture(scope="module")
def trainer(own_settings: Settings) -> Iterator[Application]:
    opened = open_application(own_settings)
    yield opened
    opened.close()
    workspace = opened.workspace()
    for model in models.list_models(workspace, NAME):
        models.delete_model(workspace, NAME, model.version)


def trained(trainer: Application, candidates: str, name: str = NAME) -> Job:
    request = TrainingRequest(name, trainer.settings.actuals.stem, 14, candidates)
    return wait_for(trainer, start_training(trainer, request))


@pytest.fixture(scope="module")
def first(trainer: Application) -> Job:
    """The first training of a name, with candidates that are easily beaten."""
    return trained(trainer, WEAK)


@pytest.fixture(scope="module")
def better(trainer: Application, first: Job) -> Job:
    """The second, with better candidates."""
    return trained(trainer, STRONG)


@pytest.fixture(scope="module")
def kept_out(trainer: Application, better: Job) -> Job:
    """The third, with the first one's candidates again."""
    return trained(trainer, WEAK)


def test_the_first_of_a_name_is_registered_as_its_champion(trainer: Application, first: Job) -> None:
    assert first.state == "succeeded", first.error
    assert first.result["verdict"]["outcome"] == "first"
    assert first.result["champion"] is None
    model = models.get_model(trainer.workspace(), NAME, int(first.result["model"].split(":")[1]))
    assert champions.is_tagged(model)
    assert model.has_report
    assert set(model.metrics) >= {"RMSE", "R2", "MASE", "CRPS", "coverage_80", "coverage_95"}
    assert model.properties[training.ACTUALS] == "adventureworks_daily"
    assert [event.phase for event in first.events] == ["prepare", "backtest", "fit", "judge", "register"]
    assert first.result["done"] == first.result["total"] > 0
    assert (first.result["rows"], first.result["last"][:10]) == (305, "2014-05-31")


def test_a_better_one_takes_the_champions_place(trainer: Application, first: Job, better: Job) -> None:
    assert better.state == "succeeded", better.error
    verdict = Verdict(**better.result["verdict"])
    assert verdict.outcome == "better"
    assert verdict.crps_ratio is not None
    assert verdict.crps_ratio < 0.95
    assert better.result["champion"] == first.result["model"]
    found = {model.id: model for model in models.list_models(trainer.workspace(), NAME)}
    assert found[better.result["model"]].tags[champions.STAGE] == champions.CHAMPION
    assert found[first.result["model"]].tags[champions.STAGE] == champions.FORMER
    assert found[better.result["model"]].properties[training.CHAMPION_BEFORE] == first.result["model"]


def test_the_report_comes_with_the_version_from_the_workspace(trainer: Application, better: Job) -> None:
    workspace = trainer.workspace()
    model = models.get_model(workspace, NAME, int(better.result["model"].split(":")[1]))
    report = registered_report(workspace, model)
    assert report.run_id == model.run_id
    assert report.settings.horizon == 14
    champion = report.standing("registered")
    assert champion is not None
    assert champion.crps is not None


def test_one_that_is_not_better_is_kept_out_with_its_report(
    trainer: Application, better: Job, kept_out: Job
) -> None:
    assert kept_out.state == "succeeded", kept_out.error
    assert kept_out.result["verdict"]["outcome"] == "not_better"
    assert kept_out.result["verdict"]["reason"] == "crps"
    assert kept_out.result["model"] is None
    assert "register" not in [event.phase for event in kept_out.events]
    report = kept_report(trainer.settings, kept_out.id)
    registered = report.standing("registered")
    assert registered is not None
    assert registered.crps is not None
    found = models.list_models(trainer.workspace(), NAME)
    assert kept_out.id not in [model.run_id for model in found]
    chosen = champions.champion_of(found, NAME)
    assert chosen is not None
    assert chosen.id == better.result["model"]


def test_one_that_was_kept_out_can_be_registered_by_hand_and_is_no_champion(
    trainer: Application, better: Job, kept_out: Job
) -> None:
    model = register_kept(trainer, kept_out)
    assert model.has_report
    found = models.list_models(trainer.workspace(), NAME)
    chosen = champions.champion_of(found, NAME)
    assert chosen is not None
    assert chosen.id == better.result["model"]
    told = trainer.jobs.get(kept_out.id)
    assert told is not None
    assert told.result["model"] == model.id
    assert told.result["by_hand"]
    with pytest.raises(Conflict):
        register_kept(trainer, kept_out)
    assert not list(trainer.settings.uploads.glob(f"{kept_out.id}*"))


def test_a_champion_that_cannot_be_measured_is_not_passed_over(
    trainer: Application, leave_outputs: LeaveOutputs
) -> None:
    name = "pickled"
    workspace = trainer.workspace()
    models.register(workspace, leave_outputs(name))
    try:
        job = trained(trainer, WEAK, name)
        assert job.state == "succeeded", job.error
        assert job.result["verdict"]["outcome"] == "unmeasured"
        assert [model.version for model in models.list_models(workspace, name)] == [1]
        assert kept_report(trainer.settings, job.id).standing("registered") is None
    finally:
        models.delete_model(workspace, name, 1)


def test_actuals_that_are_too_short_fail_with_the_reason(trainer: Application, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("ds,y\n" + "".join(f"2014-01-{day:02},{day}\n" for day in range(1, 9)))
    other = trainer.settings.model_copy(update={"actuals": short})
    opened = Application(other)
    try:
        job = wait_for(opened, start_training(opened, TrainingRequest("short", "short", 28, WEAK)))
    finally:
        opened.close()
    assert job.state == "failed"
    assert job.error is not None
    assert job.error.code == "training.refused"
    assert job.error.details["reason"]
    assert models.list_models(trainer.workspace(), "short") == []


@pytest.mark.parametrize(
    ("request_", "error", "code"),
    [
        (TrainingRequest("no name", "adventureworks_daily", 28), InvalidInput, "training.model_name"),
        (TrainingRequest("x", "adventureworks_daily", 0), InvalidInput, "training.horizon"),
        (TrainingRequest("x", "adventureworks_daily", 367), InvalidInput, "training.horizon"),
        (TrainingRequest("x", "nothing", 28), NotFound, "training.no_actuals"),
    ],
    ids=["name", "no horizon", "long horizon", "actuals"],
)
def test_wrong_requests_are_refused_at_once(
    trainer: Application, request_: TrainingRequest, error: type[InvalidInput], code: str
) -> None:
    with pytest.raises(error) as caught:
        start_training(trainer, request_)
    assert caught.value.code == code


def test_a_cancelled_training_ends_its_processes_and_registers_nothing(trainer: Application) -> None:
    before = {model.id for model in models.list_models(trainer.workspace())}
    job = start_training(trainer, TrainingRequest("cancelled", trainer.settings.actuals.stem, 28))
    until(lambda: "process" in current(trainer, job).result)
    process = psutil.Process(current(trainer, job).result["process"][0])
    with pytest.raises(Conflict):
        start_training(trainer, TrainingRequest("cancelled", trainer.settings.actuals.stem, 28))
    trainer.jobs.cancel(job)
    trainer.jobs.cancel(job)  # twice is fine
    assert trainer.jobs.is_cancelled(job)
    ended = wait_for(trainer, job)
    assert (ended.state, ended.error) == ("cancelled", None)
    assert not process.is_running()
    assert {model.id for model in models.list_models(trainer.workspace())} == before
    assert not (trainer.settings.uploads / job.id).exists()


def current(application: Application, job: Job) -> Job:
    found = application.jobs.get(job.id)
    assert found is not None
    return found


TRAINING = """
import sys
from backend.application import open_application
from backend.settings import Settings
from backend.training import TrainingRequest, start_training
application = open_application(Settings(database_url=sys.argv[1]))
start_training(application, TrainingRequest("killed", application.settings.actuals.stem, 28))
print("begun", flush=True)
application.jobs.wait(application.jobs.latest("train"))
"""


def test_a_training_whose_application_is_killed_is_ended_and_said_to_be_interrupted(
    trainer: Application,
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "MSI_ENDPOINT"}
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, trainer.settings.database_url],
        cwd=PROJECT_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "begun"
    until(lambda: "process" in latest(trainer).result)
    pid, _ = latest(trainer).result["process"]
    process.kill()
    process.wait()
    process.stdout.close()
    assert psutil.pid_exists(pid)  # it has outlived its application
    again = open_application(trainer.settings)
    try:
        left = latest(again)
        assert left.state == "interrupted"
        assert left.error is not None
        assert left.error.code == "job.interrupted"
        until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    finally:
        again.close()


def latest(application: Application) -> Job:
    job = application.jobs.latest("train", "killed")
    assert job is not None
    return job


def test_the_newest_runs_are_kept(trainer: Application, better: Job, tmp_path: Path) -> None:
    settings = trainer.settings.model_copy(update={"state_dir": tmp_path})
    outputs = read_run_outputs(trainer.settings.training_runs / better.id)
    runs = [f"{number:032x}" for number in range(KEPT + 2)]
    for moment, run in enumerate(runs):
        keep_run(settings, run, outputs)
        os.utime(settings.training_runs / run, (moment, moment))
    kept = {path.name for path in settings.training_runs.iterdir()}
    assert kept == set(runs[2:])
    assert kept_report(settings, runs[-1]).run_id == outputs.run_id
    for gone in (runs[0], "../../etc", ""):
        with pytest.raises(NotFound):
            kept_report(settings, gone)
