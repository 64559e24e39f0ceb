"""Long-running operations: their state, their streaming log, and reads that wait until there is news."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from backend.local.records import TERMINAL, Json, Operation, OperationKind, OperationState, SubOperation
from backend.local.tails import tail
from backend.local.wire import WireError, timestamp

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.local.signatures import Signatures
    from backend.local.store import Store

LONGEST_HOLD = 60.0
BUILD_LOG_LINES = 20_000


class Operations:
    """The operations of this workspace; lines are kept in memory and stored at each change of state."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._live: dict[str, Operation] = {}
        self._news: dict[str, asyncio.Event] = {}
        self._closing = asyncio.Event()

    def begin(
        self, kind: OperationKind, service: str, *, request: Json | None = None, revision: str | None = None
    ) -> Operation:
        """A new operation, Running and stored."""
        operation = Operation(
            id=str(uuid.uuid4()),
            kind=kind,
            service=service,
            state="Running",
            created=time.time(),
            request=request or {},
            revision=revision,
        )
        self._put(operation)
        return operation

    def resume(self, operation: Operation, revision: str) -> Operation:
        """An operation that a crash interrupted, to be done again under a new revision."""
        return self._put(replace(operation, revision=revision, sub_operation="BuildEnvironment", lines=()))

    def get(self, operation_id: str) -> Operation | None:
        return self._live.get(operation_id) or self._store.operation(operation_id)

    def running(self, service: str) -> Operation | None:
        """The operation that is changing `service` now."""
        return next((item for item in self._live.values() if item.service == service), None)

    def report(self, operation_id: str, sentence: str) -> None:
        """Add a progress line; `#` and `|` separate lines on the wire, so they are replaced."""
        operation = self._live[operation_id]
        moment = time.strftime("%Y%m%d%H%M%S", time.gmtime())
        clean = sentence.replace("#", "no. ").replace("|", "/").replace("\n", " ")
        self._live[operation_id] = replace(operation, lines=(*operation.lines, f"{moment}|{clean}"))
        self._announce(operation_id)

    def enter(self, operation_id: str, step: SubOperation, *, build_log: str | None = None) -> None:
        """Note which step runs now, and where the build's log is."""
        operation = self._live[operation_id]
        self._put(replace(operation, sub_operation=step, build_log=build_log or operation.build_log))

    def finish(self, operation_id: str, state: OperationState, error: Json | None = None) -> Operation:
        """End an operation; its request (which may hold keys) isn't kept."""
        operation = replace(self._live[operation_id], state=state, error=error, ended=time.time(), request={})
        self._put(operation)
        return operation

    async def wait(
        self, operation_id: str, seconds: float, *, for_end: bool, offset: int | None = None
    ) -> None:
        """Wait until it ended, or (not `for_end`) there is something after `offset`; at most `seconds`."""
        deadline = time.monotonic() + min(seconds, LONGEST_HOLD)
        while operation_id in self._live and not self._closing.is_set():
            if not for_end and offset is not None and len(streaming_log(self._live[operation_id])) > offset:
                return
            news = self._news.setdefault(operation_id, asyncio.Event())
            left = deadline - time.monotonic()
            if left <= 0 or not await happens(news, left):
                return
            if not for_end and offset is None:
                return

    def close(self) -> None:
        """Let every waiting read go: the server stops."""
        self._closing.set()
        for operation_id in list(self._news):
            self._announce(operation_id)

    def _put(self, operation: Operation) -> Operation:
        self._store.put_operation(operation)
        if operation.state in TERMINAL:
            self._live.pop(operation.id, None)
        else:
            self._live[operation.id] = operation
        self._announce(operation.id)
        return operation

    def _announce(self, operation_id: str) -> None:
        news = self._news.pop(operation_id, None)
        if news is not None:
            news.set()


async def happens(event: asyncio.Event, seconds: float) -> bool:
    """Whether `event` is set within `seconds`."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


def streaming_log(operation: Operation) -> str:
    """The lines as the wire shows them; only ever grows, so a client reads on from its offset."""
    return "".join(f"{line}#" for line in operation.lines)


def operation_view(operation: Operation, offset: int, log_url: str) -> dict[str, Any]:
    return {
        "id": operation.id,
        "operationType": "Service",
        "state": operation.state,
        "createdTime": timestamp(operation.created),
        "endTime": None if operation.ended is None else timestamp(operation.ended),
        "resourceLocation": f"services/{operation.service}",
        "operationDetails": {
            "operationId": operation.id,
            "subOperationType": operation.sub_operation,
            "subOperationState": operation.state,
        },
        "operationLog": log_url,
        "streamingOperationLog": streaming_log(operation)[max(offset, 0) :],
        "error": operation.error,
    }


def preferred_wait(header: str | None) -> float | None:
    """Seconds of a `Prefer: wait=N` header (RFC 7240); None when it isn't there."""
    for preference in (header or "").split(","):
        name, _, value = preference.strip().partition("=")
        if name.strip().lower() == "wait" and value.strip().strip('"').isdecimal():
            return float(value.strip().strip('"'))
    return None


def operation_routes(
    base: str,
    operations: Operations,
    signatures: Signatures,
    origin: str,
) -> list[Route]:
    """`GET <base>/operations/{id}`, and the signed address of its build log at `origin`."""

    async def read(request: Request) -> Response:
        operation_id = request.path_params["id"]
        offset_text = request.query_params.get("offset", "")
        offset = int(offset_text) if offset_text.isascii() and offset_text.isdigit() else None
        wait = preferred_wait(request.headers.get("prefer"))
        if wait is None:
            await operations.wait(operation_id, LONGEST_HOLD, for_end=True)
        else:
            await operations.wait(operation_id, wait, for_end=False, offset=offset)
        operation = known(operation_id)
        headers = {} if wait is None else {"Preference-Applied": f"wait={wait:g}"}
        log_url = f"{origin}{log_path(operation_id)}?{signatures.sas(log_name(operation_id), 'r')}"
        return JSONResponse(operation_view(operation, offset or 0, log_url), headers=headers)

    async def build_log(request: Request) -> Response:
        operation_id = request.path_params["id"]
        if not signatures.accepts_sas(log_name(operation_id), "r", request.url.query):
            raise WireError(403, "AuthenticationFailed", "The log's signature is wrong or has expired.")
        operation = known(operation_id)
        if operation.build_log is None:
            return PlainTextResponse("The environment's build hasn't begun.\n")
        text = await asyncio.to_thread(tail, operation.build_log, BUILD_LOG_LINES)
        return PlainTextResponse(text, headers={"Cache-Control": "no-store"})

    def known(operation_id: str) -> Operation:
        operation = operations.get(operation_id)
        if operation is None:
            raise WireError(404, "OperationNotFound", f"There is no operation '{operation_id}'.")
        return operation

    return [Route(f"{base}/operations/{{id}}", read), Route(log_path("{id}"), build_log)]


def log_path(operation_id: str) -> str:
    return f"/logs/operations/{operation_id}"


def log_name(operation_id: str) -> str:
    """What the log's signature is made over."""
    return f"log/{operation_id}"
