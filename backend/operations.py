"""Long operations of the workspace's model management, read as they go.

The SDK's own `wait_for_deployment` prints, sleeps five seconds between looks and forgets the operation with
the process; this reads the same route (`GET …/modelmanagement/v1.0/…/operations/{id}`) with an offset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import requests

from backend.errors import NotFound
from backend.secrets_masking import mask
from backend.workspace import sdk_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azureml.core import Workspace

OperationState = Literal["NotStarted", "Running", "Succeeded", "Failed", "Cancelled", "TimedOut"]
TERMINAL = frozenset({"Succeeded", "Failed", "Cancelled", "TimedOut"})
READ_SECONDS = 60.0


@dataclass(frozen=True)
class OperationReading:
    """One look at an operation; `sentences` are those reported since `offset`, `next_offset` is for the next
    look. `waited` says that the workspace itself held the answer until there was news (RFC 7240)."""

    state: OperationState
    sentences: tuple[str, ...]
    next_offset: int
    building: bool
    error: Mapping[str, Any]
    log_uri: str | None
    waited: bool

    @property
    def ended(self) -> bool:
        """Whether this state is final."""
        return self.state in TERMINAL


def read_operation(
    workspace: Workspace, operation_id: str, *, offset: int = 0, wait_seconds: int = 0
) -> OperationReading:
    """Look at an operation, from a character offset of its streaming log on.

    `wait_seconds` asks the workspace to answer when there is something new, or after that time; the local
    workspace does, Azure answers at once.
    """
    from azureml._model_management._util import _get_mms_url

    with sdk_errors("read the operation"):
        response = requests.get(
            f"{_get_mms_url(workspace)}/operations/{operation_id}",
            params={"offset": offset},
            headers={**workspace._auth_object.get_authentication_header(), "Prefer": f"wait={wait_seconds}"},
            timeout=READ_SECONDS + wait_seconds,
        )
        if response.status_code == 404:
            raise NotFound("The workspace does not know this operation any more.", code="operation.not_found")
        response.raise_for_status()
        document = response.json()
    streamed = document.get("streamingOperationLog") or ""
    details = document.get("operationDetails") or {}
    return OperationReading(
        state=document.get("state", "Running"),
        sentences=tuple(entry.split("|", 1)[-1] for entry in streamed.split("#") if entry),
        next_offset=offset + len(streamed),
        building=details.get("subOperationType") == "BuildEnvironment",
        error=document.get("error") or {},
        log_uri=document.get("operationLog"),
        waited="wait" in response.headers.get("Preference-Applied", ""),
    )


def read_log(workspace: Workspace, uri: str) -> str:
    """The text behind an operation's log address, secrets masked; an empty text when it can't be read.

    In Azure the address carries its own signature; the local workspace's wants the token.
    """
    try:
        response = requests.get(uri, timeout=READ_SECONDS)
        if response.status_code in (401, 403):
            headers = workspace._auth_object.get_authentication_header()
            response = requests.get(uri, headers=headers, timeout=READ_SECONDS)
    except requests.RequestException:
        return ""
    return mask(response.text) if response.ok else ""


def failure_of(error: Mapping[str, Any]) -> tuple[str, str]:
    """The most exact sentence in Azure ML's nested error, and what else it tells (log lines).

    Azure nests `details` and escapes newlines twice; the innermost one-line message is the exact one.
    """
    message = _unescaped(error.get("message") or error.get("code") or "")
    evidence: list[str] = []
    for detail in error.get("details") or []:
        text = _unescaped(detail.get("message") or "") if isinstance(detail, dict) else ""
        if text and "\n" not in text:
            message = text
        elif text:
            evidence.append(text)
    return message, "\n".join(evidence)


def _unescaped(text: object) -> str:
    return str(text).replace("\\n", "\n").strip()
