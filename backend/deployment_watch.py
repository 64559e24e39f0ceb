"""Watching a deployment to its end: Healthy, Failed, or deleted because somebody cancelled it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from backend import services
from backend.endpoint import open_endpoint
from backend.errors import DeploymentFailed, YosokuError
from backend.jobs import CancelledError, ClosingError
from backend.operations import failure_of, read_log, read_operation
from backend.phases import phase_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azureml.core import Workspace

    from backend.application import Application
    from backend.jobs import Reporter
    from backend.operations import OperationReading
    from backend.services import Endpoint

LOOK_SECONDS = 2
EVIDENCE_LINES = 40


def follow(application: Application, name: str, operation_id: str, reporter: Reporter) -> Mapping[str, Any]:
    """Watch a deployment that the workspace works on, to its end and the first answered request.

    An operation that timed out, or a service that is not Healthy yet, is not the end: the service is watched
    until it is Healthy or Failed. A job that is cancelled deletes the service and raises CancelledError.
    """
    workspace = application.workspace()
    reading = _watch_operation(workspace, name, operation_id, reporter)
    if reading.state not in ("Succeeded", "TimedOut"):
        raise _failure(workspace, name, reading)
    if reading.state == "TimedOut":
        reporter.line("stepper.timed_out")
    endpoint = watch_service(workspace, name, reporter)
    reporter.phase("healthy")
    answer = _first_answer(workspace, endpoint)
    _end_if_asked(workspace, name, reporter)  # who confirmed to delete it is not told that it succeeded
    return {"endpoint": name, "scoring_uri": endpoint.scoring_uri, **answer}


def outlook(state: str) -> Literal["healthy", "failed", "watch"]:
    """What a service's state means for its deployment: only Healthy and Failed are final."""
    if state == "Healthy":
        return "healthy"
    return "failed" if state == "Failed" else "watch"


def _watch_operation(
    workspace: Workspace, name: str, operation_id: str, reporter: Reporter
) -> OperationReading:
    offset = 0
    while True:
        reading = read_operation(workspace, operation_id, offset=offset, wait_seconds=LOOK_SECONDS)
        offset = reading.next_offset
        for sentence in reading.sentences:
            reporter.line(sentence)
            phase = phase_of(sentence)
            if phase:
                reporter.phase(phase, sentence)
        _end_if_asked(workspace, name, reporter)
        if reading.ended:
            return reading
        if reporter.pause(0 if reading.waited else LOOK_SECONDS):
            raise ClosingError


def watch_service(workspace: Workspace, name: str, reporter: Reporter) -> Endpoint:
    """The service once it is Healthy, however long that takes.

    Raises DeploymentFailed when the workspace gives it up, NotFound when somebody deleted it.
    """
    told = ""
    while True:
        _end_if_asked(workspace, name, reporter)
        endpoint = services.get_endpoint(workspace, name)
        meaning = outlook(endpoint.state)
        if meaning == "healthy":
            return endpoint
        if meaning == "failed":
            raise DeploymentFailed(
                f"{name} was deployed, but is {endpoint.state}.",
                code="deployment.not_healthy",
                evidence=_tail(services.logs(workspace, name)),
                name=name,
                state=endpoint.state,
            )
        if endpoint.state != told:
            told = endpoint.state
            reporter.line(f"state.help.{told}")
        if reporter.pause(LOOK_SECONDS):
            raise ClosingError


def _end_if_asked(workspace: Workspace, name: str, reporter: Reporter) -> None:
    """A cancelled deployment leaves no half-made service behind."""
    try:
        reporter.check()
    except CancelledError:
        reporter.line("stepper.deleting")
        services.delete_endpoint(workspace, name)
        raise


def _failure(workspace: Workspace, name: str, reading: OperationReading) -> DeploymentFailed:
    message, told = failure_of(reading.error)
    message = message or f"The operation ended as {reading.state}."
    if reading.building and reading.log_uri:
        evidence = read_log(workspace, reading.log_uri)
    else:
        try:
            evidence = services.logs(workspace, name)
        except YosokuError:  # the evidence that came with the error is left
            evidence = ""
    code = "deployment.build_failed" if reading.building else "deployment.failed"
    return DeploymentFailed(
        message, code=code, evidence=_tail(evidence or told), name=name, reason=message.splitlines()[0]
    )


def _first_answer(workspace: Workspace, endpoint: Endpoint) -> dict[str, Any]:
    """The first request, in our contract or else the course's; a refusal is told, not raised."""
    client = open_endpoint(workspace, endpoint)
    problem: YosokuError | None = None
    for payload in ({"horizon": 7, "levels": [80, 95]}, {"data": [3]}):
        try:
            answer = client.score(payload)
        except YosokuError as error:
            problem = error
        else:
            if not (isinstance(answer.body, dict) and "error" in answer.body):
                return {"request": payload, "answer": answer.body, "latency_ms": answer.latency_ms}
    return {"answer_problem": problem.message if problem else "The script answered with an error."}


def _tail(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-EVIDENCE_LINES:])
