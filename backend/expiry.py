"""Endpoints that are meant to go: a tag says until when one is wanted; nothing is deleted without asking."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backend import services
from backend.workspace import sdk_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azureml.core import Workspace

    from backend.services import Endpoint

EXPIRES = "expires"


def expiry_of(endpoint: Endpoint) -> datetime | None:
    """Until when an endpoint is wanted (UTC); None without the tag, or with one that is no moment."""
    try:
        moment = datetime.fromisoformat(endpoint.tags.get(EXPIRES, ""))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def expired(endpoints: Iterable[Endpoint], now: datetime) -> list[Endpoint]:
    """Those whose time is over, the longest first."""
    over = [(moment, one.name, one) for one in endpoints if (moment := expiry_of(one)) and moment <= now]
    return [endpoint for *_, endpoint in sorted(over, key=lambda entry: entry[:2])]


def set_expiry(workspace: Workspace, name: str, moment: datetime | None) -> None:
    """Say until when an endpoint is wanted, or that it is to stay; its other tags are left.

    NotFound when there is no such endpoint.
    """
    service = services.find(workspace, name)
    tags = {key: value for key, value in (service.tags or {}).items() if key != EXPIRES}
    if moment is not None:
        tags[EXPIRES] = moment.astimezone(UTC).isoformat(timespec="seconds")
    with sdk_errors(f"change the tags of {name}"):
        service.update(tags=tags)
