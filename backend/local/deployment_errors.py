"""A failed deployment in the shape that the SDK prints: code, statusCode, message, details."""

from __future__ import annotations

import asyncio
from typing import Any

from backend.errors import InvalidEnvironment, YosokuError
from backend.local.environment_builder import BuildFailed
from backend.local.service import ServiceStartFailed
from backend.local.wire import WireError

EVIDENCE_LINES = 60
# Azure's own words for what a container did, by the supervisor's code
CONTAINER_CODES = {
    "init_raised": "CrashLoopBackOff",
    "script_error": "CrashLoopBackOff",
    "model_file_missing": "CrashLoopBackOff",
    "exited": "CrashLoopBackOff",
    "crash_loop": "CrashLoopBackOff",
    "out_of_memory": "OOMKilled",
    "init_timeout": "DeploymentTimedOut",
}


def deployment_error(error: BaseException) -> dict[str, Any]:
    """The operation's error; its details hold the evidence (last lines of the log), free of secrets."""
    if isinstance(error, ServiceStartFailed):
        code = error.code.rpartition(".")[2]
        details = [{"code": CONTAINER_CODES.get(code, "CrashLoopBackOff"), "message": _last(error.evidence)}]
        return _body("AciDeploymentFailed", 400, error.message, details, reason=code)
    if isinstance(error, BuildFailed | InvalidEnvironment):
        message = f"The environment could not be built: {error.message}"
        return _body("EnvironmentBuildFailed", 400, message, _evidence("BuildLog", error), reason=error.code)
    if isinstance(error, YosokuError):
        return _body("DeploymentFailed", 400, error.message, _evidence("Evidence", error), reason=error.code)
    if isinstance(error, WireError):
        return _body(error.code, error.status, error.message, [dict(detail) for detail in error.details])
    if isinstance(error, asyncio.CancelledError):
        return _body("DeploymentCancelled", 400, "The deployment was cancelled: the service was deleted.", [])
    name = type(error).__name__
    message = f"The local workspace hit a fault of its own ({name}); its server.log has the details."
    return _body("LocalWorkspaceFault", 400, message, [])


def _body(
    code: str, status: int, message: str, details: list[dict[str, str]], *, reason: str = ""
) -> dict[str, Any]:
    body: dict[str, Any] = {"code": code, "statusCode": status, "message": message, "details": details}
    if reason:
        body["reason"] = reason
    return body


def _evidence(code: str, error: YosokuError) -> list[dict[str, str]]:
    return [{"code": code, "message": _last(error.evidence)}] if error.evidence else []


def _last(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-EVIDENCE_LINES:])
