"""Stable addresses: which endpoint answers there, by what share; rules without a store or a network."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from backend.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

Change = Literal["create", "replace", "share", "mirror", "rollback"]
ALL = 100  # percent
NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
NAME_LENGTH = (3, 32)
REPLACED = re.compile(r"(?P<base>.+?)-r(?P<number>[1-9][0-9]*)")


@dataclass(frozen=True)
class Route:
    """An endpoint with its share of the requests in percent, and the kept deployment it was made by."""

    endpoint: str
    share: int = ALL
    deployment: int | None = None


@dataclass(frozen=True)
class Revision:
    """Where an address led from `moment` (UTC) on, and who had it so; the newest one counts."""

    address: str
    number: int
    moment: datetime
    who: str
    change: Change
    routes: tuple[Route, ...]
    mirror: str | None = None

    @property
    def main(self) -> Route:
        """The route that takes the most requests."""
        return max(self.routes, key=lambda route: route.share)

    def names(self, endpoint: str) -> bool:
        """Whether requests or their copies go to an endpoint."""
        return endpoint == self.mirror or any(route.endpoint == endpoint for route in self.routes)


def check_address(name: str) -> None:
    """Raise InvalidInput for a name that can't be an address; the rule is that of endpoints' names."""
    shortest, longest = NAME_LENGTH
    if not (shortest <= len(name) <= longest and NAME.fullmatch(name)):
        raise InvalidInput(
            f"An address has {shortest} to {longest} characters: small letters, digits and dashes, beginning "
            "with a letter and not ending with a dash.",
            field="address",
            code="address.name",
            shortest=shortest,
            longest=longest,
        )


def check_routes(routes: Sequence[Route], mirror: str | None = None) -> None:
    """Raise InvalidInput unless the shares lie in 0..100 and add up to 100, and nothing is named twice."""
    names = [route.endpoint for route in routes]
    if any(not 0 <= route.share <= ALL for route in routes) or sum(route.share for route in routes) != ALL:
        raise InvalidInput(
            f"The shares must add up to {ALL} percent; they add up to "
            f"{sum(route.share for route in routes)}.",
            field="shares",
            code="address.shares",
            total=sum(route.share for route in routes),
        )
    if len(set(names)) != len(names) or mirror in names:
        raise InvalidInput(
            "An endpoint can be named once only at an address.", field="routes", code="address.named_twice"
        )


def choose(routes: Sequence[Route], point: float) -> Route:
    """The route that a point in 0..100 (without 100) falls on; a route without a share is never chosen."""
    reached = 0.0
    for route in routes:
        reached += route.share
        if point < reached:
            return route
    return max(routes, key=lambda route: route.share)


def replaced(routes: Sequence[Route], old: str, new: Route) -> tuple[Route, ...]:
    """The routes with one endpoint's place, and its share, taken by another."""
    return tuple(replace(new, share=route.share) if route.endpoint == old else route for route in routes)


def replacement_name(name: str, taken: Collection[str]) -> str:
    """A free name for what replaces an endpoint: demand -> demand-r2 -> demand-r3, within the length."""
    found = REPLACED.fullmatch(name)
    base, number = (found["base"], int(found["number"])) if found else (name, 1)
    while True:
        number += 1
        ending = f"-r{number}"
        candidate = base[: NAME_LENGTH[1] - len(ending)].rstrip("-") + ending
        if candidate not in taken:
            return candidate
