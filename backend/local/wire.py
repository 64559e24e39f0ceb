"""The control plane's conventions: error bodies, times, request bodies, lists of filters."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

MAX_BODY_BYTES = 8 << 20


class WireError(Exception):
    """An answer that isn't a success, in the shape that the SDK reads.

    `correlation` reaches the user where the SDK drops the message (deleting a model that is in use).
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: tuple[Mapping[str, str], ...] = (),
        correlation: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.correlation = correlation


def error_body(error: WireError) -> dict[str, Any]:
    """The fields that model management reads, and the "error" object that ARM's clients read."""
    body: dict[str, Any] = {
        "code": error.code,
        "statusCode": error.status,
        "message": error.message,
        "details": [dict(detail) for detail in error.details],
        "error": {"code": error.code, "message": error.message},
    }
    if error.correlation:
        body["correlation"] = dict(error.correlation)
    return body


def error_response(error: WireError) -> JSONResponse:
    return JSONResponse(error_body(error), status_code=error.status)


async def read_json(request: Request) -> Any:
    """The request's body as JSON; a `WireError` (400) when it isn't, or is larger than `MAX_BODY_BYTES`."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise WireError(
                400, "RequestTooLarge", f"The request's body is larger than {MAX_BODY_BYTES} bytes."
            )
        parts.append(part)
    try:
        return json.loads(b"".join(parts) or b"null")
    except ValueError as fault:
        raise WireError(400, "InvalidJson", f"The request's body isn't JSON: {fault}.") from fault


async def read_object(request: Request) -> dict[str, Any]:
    """The request's body, which must be a JSON object."""
    body = await read_json(request)
    if not isinstance(body, dict):
        raise WireError(400, "InvalidRequest", "The request's body must be a JSON object.")
    return body


def text_field(body: Mapping[str, Any], name: str, *, longest: int = 255) -> str:
    """A required text of the body, 1 to `longest` characters."""
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest:
        raise WireError(400, "InvalidRequest", f"'{name}' must be a text of 1 to {longest} characters.")
    return value


def timestamp(seconds: float) -> str:
    """Epoch seconds as the wire writes times."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="microseconds")


def matches_filter(given: str | None, values: Mapping[str, Any] | None) -> bool:
    """Whether `values` holds each item of a filter: `region=eu,reviewed` (key=value, or a key alone)."""
    if not given:
        return True
    held = values or {}
    for item in given.split(","):
        key, separator, wanted = item.partition("=")
        if key not in held or (separator and str(held[key]) != wanted):
            return False
    return True
