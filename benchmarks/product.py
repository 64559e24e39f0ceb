"""A whole Yosoku in a temporary folder: its workspace runs and the demonstration's endpoint is Healthy."""

from __future__ import annotations

import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backend import services
from backend import workspace as workspaces
from backend.application import open_application
from backend.demonstration import CPU_CORES, ENDPOINT, MEMORY_GB, prepare_demonstration
from backend.local import process_record
from backend.local.service import ServiceSpecification
from backend.local.service_files import APP, MODELS
from backend.local.state import folder_of
from backend.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.application import Application
    from backend.jobs import Job
    from backend.local.process_record import ProcessRecord
    from backend.services import Endpoint

PREPARING_SECONDS = 300.0
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Product:
    """The running product; `scoring_python` is that of the environment built from envs/scoring.yml."""

    application: Application
    folder: Path
    scoring_python: Path
    endpoint: Endpoint

    @property
    def revision(self) -> Path:
        """The folder of the endpoint's only revision."""
        [record] = folder_of(self.application.settings.state_dir).services.glob(f"{ENDPOINT}/*/process.json")
        return record.parent

    @property
    def scoring_process(self) -> ProcessRecord:
        """The endpoint's own process, behind the gateway."""
        record = process_record.read(self.revision)
        assert record is not None
        return record


@contextlib.contextmanager
def running_product() -> Iterator[Product]:
    """Start everything below a temporary folder, and end and remove all of it afterwards."""
    with tempfile.TemporaryDirectory(prefix="yosoku-benchmark-") as name:
        folder = Path(name)
        # The SDK takes a model only from below the working folder.
        with contextlib.chdir(folder):
            settings = Settings(state_dir=folder / "state", workspace="local", database_url="")
            application = open_application(settings)
            try:
                job = finished(application, prepare_demonstration(application), PREPARING_SECONDS)
                if job.error:
                    raise RuntimeError(f"the demonstration failed: {job.error.message}\n{job.error.evidence}")
                environments = folder_of(settings.state_dir).environments
                [scoring_python] = environments.glob("*/env/bin/python")
                endpoint = services.get_endpoint(application.workspace(), ENDPOINT)
                yield Product(application, folder, scoring_python, endpoint)
            finally:
                application.close()
                workspaces.stop(settings)


def another_revision(product: Product, name: str, model_dir: Path | None = None) -> ServiceSpecification:
    """A second service with the files of the demonstration's endpoint; `model_dir` holds another model."""
    folder = product.folder / "state" / "workspace" / "services" / name / "1"
    folder.mkdir(parents=True)
    (folder / APP).symlink_to(product.revision / APP, target_is_directory=True)
    [script] = (folder / APP).rglob("score.py")
    if model_dir is None:
        [model_dir] = (folder / APP / MODELS).glob("*/*")
    return ServiceSpecification(
        name=name,
        revision="1",
        python=product.scoring_python,
        folder=folder,
        entry_script=str(script.relative_to(folder / APP)),
        model_dir=model_dir,
        environment_variables={},
        cpu_cores=CPU_CORES,
        memory_gb=MEMORY_GB,
    )


def finished(application: Application, job: Job, seconds: float) -> Job:
    """Wait for a job's end; raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while job.state == "running":
        if time.monotonic() > deadline:
            raise TimeoutError(f"{job.kind} {job.subject} did not end within {seconds:g} s")
        time.sleep(LOOK_SECONDS)
        job = application.jobs.get(job.id) or job
    return job
