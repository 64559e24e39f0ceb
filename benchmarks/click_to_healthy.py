"""Click to Healthy, with the environment already built."""

from __future__ import annotations

import statistics
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backend import environments, services
from backend.demonstration import CPU_CORES, MEMORY_GB
from backend.deployments import DeploymentRequest, start_deployment
from backend.phases import PHASES, timeline
from backend.scripts import bundled_script
from benchmarks.measurement import Measurement, measurement
from benchmarks.product import finished

if TYPE_CHECKING:
    from backend.jobs import Job
    from benchmarks.product import Product

ROUNDS = 5
BOUND_SECONDS = 3.0
DEPLOYING_SECONDS = 60.0
TITLE = "Click to Healthy"
METHOD = f"""
`backend.deployments.start_deployment`, which is what the button calls: through the Azure ML SDK and the
local workspace, a new endpoint each time, 1 core and 1 GB, the environment built before; the
demonstration's endpoint runs beside it. From the call to the moment the application knows it is Healthy;
{ROUNDS} deployments, after one that doesn't count, the median. The phases are those the page shows; "to
the first answer" adds the first request, which the application sends by itself.
"""

WHERE_THE_TIME_GOES = """
in the start of the scoring process (phase start_init, see above) and in the SDK's calls before it:
reading the model and the environment (validate), uploading the script and creating the service (upload).
A built environment is found by its hash in no time, and the application's look at the operation is held
open until something is new, so that no polling interval is waited for.
"""


def measure(product: Product) -> list[Measurement]:
    """Deploy new endpoints one after the other, and delete each."""
    _deploy(product, "benchmark-warm")
    clicks = [_deploy(product, f"benchmark-{number}") for number in range(ROUNDS)]
    healthy = [_seconds(clicked, job, "healthy") for clicked, job in clicks]
    answered = [(_end(job) - clicked).total_seconds() for clicked, job in clicks]
    phases = [
        {step.phase: step.seconds or 0.0 for step in timeline(job.events, _end(job), job.ended, False)}
        for _, job in clicks
    ]
    return [
        measurement(f"{TITLE}: median", statistics.median(healthy), "s", bound=BOUND_SECONDS),
        measurement(f"{TITLE}: slowest", max(healthy), "s"),
        measurement(f"{TITLE}: to the first answer", statistics.median(answered), "s"),
        measurement(
            f"{TITLE}: before the first phase",
            statistics.median(_seconds(clicked, job, "validate") for clicked, job in clicks),
            "s",
        ),
        *(
            measurement(f"{TITLE}: phase {phase}", statistics.median(one[phase] for one in phases), "s")
            for phase in PHASES[:-1]
        ),
    ]


def _deploy(product: Product, name: str) -> tuple[datetime, Job]:
    """Deploy, wait for the end, delete; the moment of the click, and the job. A failure is a RuntimeError."""
    application = product.application
    request = DeploymentRequest(
        service_name=name,
        model_name=product.endpoint.model_name or "",
        model_version=product.endpoint.model_version or 0,
        script=bundled_script(),
        environment=environments.read(environments.ENVS / environments.OURS),
        cpu_cores=CPU_CORES,
        memory_gb=MEMORY_GB,
    )
    clicked = datetime.now(UTC)
    job = finished(application, start_deployment(application, request), DEPLOYING_SECONDS)
    if job.error:
        raise RuntimeError(f"{name} failed: {job.error.message}\n{job.error.evidence}")
    services.delete_endpoint(application.workspace(), name)
    return clicked, job


def _seconds(clicked: datetime, job: Job, phase: str) -> float:
    [event] = [event for event in job.events if event.phase == phase]
    return (event.at - clicked).total_seconds()


def _end(job: Job) -> datetime:
    assert job.ended is not None
    return job.ended
