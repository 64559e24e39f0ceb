"""Endpoints that nobody seems to use, and those whose time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.expiry import EXPIRES, expired, expiry_of
from backend.idleness import Idle, idle
from backend.services import Endpoint, State

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def made(days: int, state: State = "Healthy") -> Endpoint:
    return Endpoint("demand", state, created=NOW - days * DAY)


def tagged(name: str, value: str) -> Endpoint:
    return Endpoint(name, "Healthy", tags={EXPIRES: value})


def test_an_endpoint_without_a_known_forecast_is_idle_since_it_was_made() -> None:
    assert idle(made(9), {}, NOW, 7) == Idle(9, None)
    assert idle(made(3), {}, NOW, 7) is None


def test_an_endpoint_is_idle_since_its_last_forecast() -> None:
    assert idle(made(30), {"demand": NOW - 8 * DAY}, NOW, 7) == Idle(8, NOW - 8 * DAY)
    assert idle(made(30), {"demand": NOW - 6 * DAY}, NOW, 7) is None
    assert idle(made(30), {"other": NOW}, NOW, 7) == Idle(30, None)


def test_a_predecessors_forecast_is_not_its_own() -> None:
    assert idle(made(8), {"demand": NOW - 20 * DAY}, NOW, 7) == Idle(8, None)


def test_one_in_trouble_is_not_called_idle() -> None:
    assert idle(made(30, "Unhealthy"), {}, NOW, 7) is None
    assert idle(Endpoint("demand", "Healthy"), {}, NOW, 7) is None


@pytest.mark.parametrize(
    "value", ["2026-11-25T12:00:00+00:00", "2026-11-25T21:00:00+09:00", "2026-11-25T12:00"]
)
def test_the_tag_is_a_moment(value: str) -> None:
    assert expiry_of(tagged("demand", value)) == NOW + 3 * DAY


@pytest.mark.parametrize("value", ["", "soon"])
def test_a_tag_that_is_no_moment_retires_nothing(value: str) -> None:
    assert expiry_of(tagged("demand", value)) is None
    assert expired([tagged("demand", value)], NOW + 1000 * DAY) == []


def test_those_whose_time_is_over_come_longest_first() -> None:
    endpoints = [
        tagged("a", (NOW - DAY).isoformat()),
        tagged("b", (NOW + DAY).isoformat()),
        tagged("c", (NOW - 2 * DAY).isoformat()),
        Endpoint("d", "Healthy"),
    ]
    assert [endpoint.name for endpoint in expired(endpoints, NOW)] == ["c", "a"]
