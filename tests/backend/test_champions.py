"""Which version is the champion, on the real registry, also when a change of it stops half-way."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import champions, models
from backend.application import Application
from backend.models import RegisteredModel
from tests.backend.conftest import LeaveOutputs

NAME = "crowned"
Register = Callable[[], RegisteredModel]


def version(number: int, stage: str | None) -> RegisteredModel:
    return RegisteredModel("demand", number, tags={champions.STAGE: stage} if stage else {})


@pytest.mark.parametrize(
    ("stages", "champion"),
    [
        ([], None),
        ([None], 1),
        ([None, None], 2),
        (["champion", None], 1),
        (["former", "former"], 2),
        (["champion", "champion"], 2),
        (["former", "champion", None], 2),
    ],
)
def test_the_rule(stages: list[str | None], champion: int | None) -> None:
    found = [version(number, stage) for number, stage in enumerate(stages, start=1)]
    for order in itertools.permutations(found):
        chosen = champions.champion_of(order, "demand")
        assert (chosen.version if chosen else None) == champion


@given(st.lists(st.sampled_from(["champion", "former", "", None]), min_size=1, max_size=6))
def test_there_is_exactly_one_champion_a_name(stages: list[str | None]) -> None:
    found = [version(number, stage) for number, stage in enumerate(stages, start=1)]
    other = RegisteredModel("other", 9)
    chosen = champions.champions([*found, other])
    assert set(chosen) == {"demand", "other"}
    assert chosen["demand"] in found
    assert chosen["other"] == other


@pytest.fixture
def register(application: Application, leave_outputs: LeaveOutputs) -> Iterator[Register]:
    """Registers further versions of one name; they are deleted in the end."""
    outputs = leave_outputs(NAME)
    workspace = application.workspace()
    yield lambda: models.register(workspace, outputs)
    for model in models.list_models(workspace, NAME):
        models.delete_model(workspace, NAME, model.version)


def stages(application: Application) -> dict[int, str | None]:
    """The stage of every version, and the champion by the rule under 0."""
    found = models.list_models(application.workspace(), NAME)
    chosen = champions.champion_of(found, NAME)
    return {model.version: model.tags.get(champions.STAGE) for model in found} | {
        0: str(chosen.version) if chosen else None
    }


def test_the_tag_moves_and_other_tags_stay(application: Application, register: Register) -> None:
    workspace = application.workspace()
    first, second, third = register(), register(), register()
    champions.crown(workspace, second)
    told = {first.version: None, second.version: "champion", third.version: "former"}
    assert stages(application) == told | {0: str(second.version)}
    champions.crown(workspace, third)
    told = {first.version: None, second.version: "former", third.version: "champion"}
    assert stages(application) == told | {0: str(third.version)}
    champions.crown(workspace, third)  # again changes nothing
    assert stages(application) == told | {0: str(third.version)}
    kept = models.get_model(workspace, NAME, third.version)
    assert kept.metrics == {"RMSE": 1.0, "R2": 0.5}
    assert kept.run_id == "r"


def test_a_pinned_champion_stays_when_a_version_is_registered(
    application: Application, register: Register
) -> None:
    workspace = application.workspace()
    assert champions.pin(workspace, NAME) is None
    first = register()
    pinned = champions.pin(workspace, NAME)
    assert pinned is not None
    second = register()
    assert stages(application) == {
        first.version: "champion",
        second.version: None,
        0: str(first.version),
    }


def test_a_change_that_stops_half_way_leaves_one_champion_and_can_be_made_again(
    application: Application, register: Register
) -> None:
    workspace = application.workspace()
    first, second = register(), register()
    champions.crown(workspace, second)
    models.change_tags(workspace, first, {champions.STAGE: champions.CHAMPION})  # and no further
    assert stages(application)[0] == str(second.version)
    champions.crown(workspace, models.get_model(workspace, NAME, first.version))
    assert stages(application) == {
        first.version: "champion",
        second.version: "former",
        0: str(first.version),
    }
