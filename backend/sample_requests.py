"""Requests by which a new endpoint shows that it answers what the old one does."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backend import services
from backend.endpoint import open_endpoint
from backend.errors import DeploymentFailed, YosokuError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from azureml.core import Workspace

    from backend.endpoint import EndpointClient

# Our contract at its nearest and its usual horizon, and the course's.
SAMPLES: tuple[Mapping[str, Any], ...] = (
    {"horizon": 1, "levels": [80, 95]},
    {"horizon": 28, "levels": [80, 95]},
    {"data": [3]},
)


@dataclass(frozen=True)
class SampleAnswer:
    """Whether an endpoint answered a sample request, and what it said when it did not."""

    sample: Mapping[str, Any]
    answered: bool
    said: str = ""


def refused_samples(
    new: Iterable[SampleAnswer], old: Iterable[SampleAnswer] | None = None
) -> tuple[SampleAnswer, ...]:
    """The samples that the new endpoint should have answered and did not.

    A script speaks the contract it speaks: what the old endpoint answered is asked of the new one; where
    there is nothing to compare with, or the old one answered nothing, one answer is enough.
    """
    asked = list(new)
    expected = [answer.answered for answer in old] if old is not None else []
    if any(expected):
        return tuple(
            answer for answer, wanted in zip(asked, expected, strict=True) if wanted and not answer.answered
        )
    return () if any(answer.answered for answer in asked) else tuple(asked)


def ask_samples(workspace: Workspace, name: str) -> list[SampleAnswer]:
    """Every sample request sent to an endpoint."""
    client = open_endpoint(workspace, services.get_endpoint(workspace, name))
    return [_ask(client, sample) for sample in SAMPLES]


def require_answers(workspace: Workspace, old: str | None, new: str) -> None:
    """Raise DeploymentFailed unless the new endpoint answers what the old one does."""
    before = None
    if old is not None:
        with contextlib.suppress(YosokuError):  # an old one that is out of order is no measure
            before = ask_samples(workspace, old)
    refused = refused_samples(ask_samples(workspace, new), before)
    if refused:
        raise DeploymentFailed(
            f"{new} is Healthy, but does not answer {dict(refused[0].sample)}.",
            code="replacement.samples",
            evidence=refused[0].said,
            name=new,
            sample=dict(refused[0].sample),
        )


def _ask(client: EndpointClient, sample: Mapping[str, Any]) -> SampleAnswer:
    try:
        answer = client.score(sample)
    except YosokuError as error:
        return SampleAnswer(sample, answered=False, said=error.evidence or error.message)
    # The course's scripts answer 200 with an error in it.
    if isinstance(answer.body, dict) and "error" in answer.body:
        return SampleAnswer(sample, answered=False, said=answer.text[:500])
    return SampleAnswer(sample, answered=True)
