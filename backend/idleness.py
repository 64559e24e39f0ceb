"""Endpoints that nobody seems to use, as far as the history knows.

What is known are the forecasts that Yosoku itself asked for and kept. Requests of other programs go to the
scoring address past it, so that an idle endpoint is named and never switched off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from backend.history.schema import vintages

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from backend.history import History
    from backend.services import Endpoint


@dataclass(frozen=True)
class Idle:
    """How long an endpoint has had no forecast that is known; `last` is None where none ever was."""

    days: int
    last: datetime | None


def last_forecasts(history: History) -> dict[str, datetime]:
    """When each endpoint last gave a forecast that was kept."""
    query = select(vintages.c.endpoint, func.max(vintages.c.issued_at)).group_by(vintages.c.endpoint)
    with history.engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def idle(endpoint: Endpoint, last: Mapping[str, datetime], now: datetime, days: int) -> Idle | None:
    """How idle an endpoint is, or None for one that was used or made within so many days.

    One that is not Healthy is not called idle: its trouble is another. A forecast from before it was made is
    its predecessor's.
    """
    if endpoint.state != "Healthy" or endpoint.created is None:
        return None
    used = last.get(endpoint.name)
    if used is not None and used < endpoint.created:
        used = None
    quiet = (now - (used or endpoint.created)).days
    return Idle(quiet, used) if quiet >= days else None
