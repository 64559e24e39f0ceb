"""Which requests are under way, and to which endpoint: an endpoint is drained when its last has ended."""

from __future__ import annotations

import asyncio


class InFlight:
    """One request under way; its endpoint is None until its route is read."""

    def __init__(self) -> None:
        self.endpoints: set[str] = set()
        self.routed = False
        self.ended = asyncio.Event()

    def may_reach(self, endpoint: str) -> bool:
        """Whether it goes, or may still come to go, to an endpoint."""
        return not self.routed or endpoint in self.endpoints


class Traffic:
    """The requests under way; of one event loop."""

    def __init__(self) -> None:
        self._under_way: set[InFlight] = set()

    def begin(self) -> InFlight:
        """A request begins; told before its route is read, so that no drain can overlook it."""
        request = InFlight()
        self._under_way.add(request)
        return request

    def end(self, request: InFlight) -> None:
        """A request ended, however it did."""
        self._under_way.discard(request)
        request.ended.set()

    def count(self, endpoint: str) -> int:
        """How many requests go to an endpoint now."""
        return sum(endpoint in request.endpoints for request in self._under_way)

    async def drained(self, endpoint: str, seconds: float) -> bool:
        """Wait until every request that began before now and goes to an endpoint has ended; False when
        some still run after `seconds`."""
        waiting = [request for request in self._under_way if request.may_reach(endpoint)]
        try:
            async with asyncio.timeout(seconds):
                for request in waiting:
                    await request.ended.wait()
        except TimeoutError:
            return not any(request.may_reach(endpoint) and not request.ended.is_set() for request in waiting)
        return True
