"""Stable addresses' rules, and what is kept of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import revisions
from backend.addresses import (
    NAME_LENGTH,
    Route,
    check_address,
    check_routes,
    choose,
    replaced,
    replacement_name,
)
from backend.deployments import DeploymentRequest, check_service_name
from backend.environments import bundled
from backend.errors import Conflict, InvalidInput, NotFound
from backend.history import History
from backend.sample_requests import SampleAnswer, refused_samples
from backend.scripts import bundled_script

NAMES = st.from_regex(r"[a-z][-a-z0-9]{1,30}[a-z0-9]", fullmatch=True)


@given(NAMES, st.sets(st.integers(2, 12)))
def test_a_replacement_has_a_free_name_that_an_endpoint_can_have(name: str, others: set[int]) -> None:
    taken = {name, *(f"{name}-r{number}" for number in others)}
    found = replacement_name(name, taken)
    assert found not in taken
    assert len(found) <= NAME_LENGTH[1]
    assert check_service_name(found) is None


def test_replacements_count_on() -> None:
    assert replacement_name("demand", {"demand"}) == "demand-r2"
    assert replacement_name("demand-r2", {"demand-r2"}) == "demand-r3"


@given(st.integers(0, 100))
def test_every_share_is_kept_to(share: int) -> None:
    routes = (Route("blue", share), Route("green", 100 - share))
    chosen = Counter(choose(routes, point + 0.5).endpoint for point in range(100))
    assert chosen["blue"] == share


@pytest.mark.parametrize(
    ("routes", "mirror"),
    [
        ((Route("blue", 60), Route("green", 30)), None),
        ((Route("blue", 120), Route("green", -20)), None),
        ((Route("blue", 50), Route("blue", 50)), None),
        ((Route("blue"),), "blue"),
        ((), None),
    ],
)
def test_shares_add_up_and_nothing_is_named_twice(routes: tuple[Route, ...], mirror: str | None) -> None:
    with pytest.raises(InvalidInput):
        check_routes(routes, mirror)


@pytest.mark.parametrize("name", ["-", "ab", "Demand", "demand-", "a" * 33, "de/mand"])
def test_an_address_has_a_plain_name(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_address(name)


def test_a_place_is_taken_with_its_share() -> None:
    routes = (Route("blue", 90), Route("green", 10))
    assert replaced(routes, "blue", Route("blue-r2", deployment=4)) == (
        Route("blue-r2", 90, 4),
        Route("green", 10),
    )


def _answers(*answered: bool) -> list[SampleAnswer]:
    return [SampleAnswer({}, answered=one) for one in answered]


def test_the_new_endpoint_answers_what_the_old_one_does() -> None:
    assert refused_samples(_answers(True, True, False), _answers(True, True, False)) == ()
    assert len(refused_samples(_answers(True, False, True), _answers(True, True, True))) == 1
    assert refused_samples(_answers(False, False, True)) == ()
    assert len(refused_samples(_answers(False, False, False), _answers(False, False, False))) == 3


def _request(name: str = "demand") -> DeploymentRequest:
    return DeploymentRequest(name, "model", 3, bundled_script(), bundled()[0], 0.5, 1.5, description="d")


def test_a_deployment_is_kept_whole(history: History) -> None:
    request = _request()
    first = revisions.keep_deployment(history, request, "somebody")
    assert revisions.keep_deployment(history, request) == first
    request = replace(request, memory_gb=2.5)
    second = revisions.keep_deployment(history, request)
    assert second > first
    kept = revisions.deployment_of(history, "demand")
    assert kept is not None
    assert (kept.id, kept.cpu_cores, kept.memory_gb, kept.model_version) == (second, 0.5, 2.5, 3)
    assert kept.script == request.script
    assert kept.environment == request.environment
    assert revisions.kept_deployment(history, first).who == "somebody"
    assert revisions.deployment_of(history, "other") is None
    with pytest.raises(NotFound):
        revisions.kept_deployment(history, 99)


def test_the_newest_revision_counts_and_the_earlier_ones_stay(history: History) -> None:
    kept = revisions.keep_deployment(history, _request())
    made = revisions.create_address(history, "sales", "demand", "a")
    assert made.routes == (Route("demand", 100, kept),)
    changed = revisions.record(
        history, "sales", "share", (Route("demand", 90), Route("other", 10)), mirror="third", who="b"
    )
    assert revisions.current(history, "sales") == changed
    assert [one.number for one in revisions.revisions_of(history, "sales")] == [2, 1]
    assert revisions.addresses(history) == [changed]
    assert revisions.addresses_of(history, "third") == [changed]
    assert revisions.addresses_of(history, "fourth") == []
    assert revisions.current(history, "unknown") is None
    with pytest.raises(Conflict):
        revisions.create_address(history, "sales", "other")
