"""Where endpoints answer, and with which key: asked of the workspace once, then kept in memory alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backend import services
from backend.errors import EndpointUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from azureml.core import Workspace


@dataclass(frozen=True)
class Place:
    """Where an endpoint answers; the key is None where it asks for none, and never shows in a repr."""

    endpoint: str
    scoring_uri: str
    key: str | None = field(repr=False)


def place_of(workspace: Workspace, name: str) -> Place:
    """Where the workspace says that an endpoint answers; raises NotFound, EndpointUnavailable or
    WorkspaceUnavailable."""
    endpoint = services.get_endpoint(workspace, name)
    if not endpoint.scoring_uri:
        raise EndpointUnavailable(
            f"The endpoint {name} has no address yet (it is {endpoint.state}).",
            code="endpoint.no_address",
            name=name,
            state=endpoint.state,
        )
    key = services.keys(workspace, name).primary if endpoint.authentication else None
    return Place(name, endpoint.scoring_uri, key)


class Directory:
    """The places of endpoints, asked for in a thread; of one event loop."""

    def __init__(self, ask: Callable[[str], Place]) -> None:
        self._ask = ask
        self._places: dict[str, Place] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def find(self, endpoint: str) -> Place:
        """The place of an endpoint; raises NotFound, EndpointUnavailable or WorkspaceUnavailable."""
        known = self._places.get(endpoint)
        if known is not None:
            return known
        async with self._asking.setdefault(endpoint, asyncio.Lock()):
            if endpoint not in self._places:
                self._places[endpoint] = await asyncio.to_thread(self._ask, endpoint)
            return self._places[endpoint]

    def forget(self, place: Place) -> None:
        """Ask anew for an endpoint the next time: its keys or its address have changed."""
        if self._places.get(place.endpoint) is place:
            del self._places[place.endpoint]
