"""Forecasts of all nodes of a panel, asked of an endpoint together and kept as issued, a vintage a node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backend.endpoint import open_endpoint
from backend.errors import EndpointRejected, YosokuError
from backend.forecasts import (
    ACTUALS,
    ForecastView,
    origins_of,
    read_vintage,
    refuse_unsettled,
    view_of,
)
from backend.horizons import LONGEST
from backend.panel_questions import in_parts, question_text, questions
from backend.services import get_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from backend.actuals import Actuals
    from backend.application import Application
    from backend.endpoint import Answer, EndpointClient
    from backend.forecast_types import Vintage
    from backend.history import History
    from backend.panel import Panel
    from backend.panel_questions import Question
    from backend.services import Endpoint


@dataclass(frozen=True)
class PanelView:
    """What an endpoint says comes next for each node; a node that it knows nothing of is not among them.

    When it gave no answer, they are what it issued last, `live` is False and `problem` says why.
    """

    panel: Panel
    endpoint: str
    futures: Mapping[str, Vintage]
    live: bool
    problem: YosokuError | None = None


def refresh_panel(application: Application, endpoint_name: str, panel: Panel) -> PanelView:
    """Ask the endpoint for what it has not issued yet of the nodes, keep it, and show what comes next.

    What this endpoint's model issued already from the same actuals is reused. Never raises for an endpoint or
    workspace that is down, nor for one whose model has other series: `problem` says so.
    """
    history = application.history
    try:
        workspace = application.workspace()
        endpoint = get_endpoint(workspace, endpoint_name)
        refuse_unsettled(endpoint)
        client = open_endpoint(workspace, endpoint, application.settings.scoring_timeout_seconds)
        for asked in questions(panel):
            known = _known(history, endpoint, panel, asked)
            missing = tuple(origin for origin in asked.origins if origin not in known)
            for part in in_parts(replace(asked, origins=missing), LONGEST[panel.frequency]):
                history.save_vintages(ask_panel(client, endpoint, panel, part))
        futures = _futures(history, endpoint_name, _model_of(endpoint), panel, panel.origin)
        return PanelView(panel, endpoint_name, futures, live=True)
    except YosokuError as problem:
        return PanelView(panel, endpoint_name, _last_futures(history, endpoint_name, panel), False, problem)


def is_made_for(endpoint: Endpoint, actuals: str) -> bool:
    """Whether an endpoint that isn't a failed one serves a model that was trained on actuals of this name."""
    return endpoint.state != "Failed" and endpoint.properties.get(ACTUALS) == actuals


def view_of_node(application: Application, view: PanelView, node: str) -> ForecastView:
    """One node's actuals beside its forecasts, as `backend.forecasts.refresh` shows those of a single series.

    Reads the history and asks nobody.
    """
    actuals = view.panel.actuals(node)
    future = view.futures.get(node)
    if future is None:
        return ForecastView(actuals, None, (), view.live, view.problem)
    stored = application.history.newest_vintages(
        view.endpoint,
        actuals.name,
        model=(future.model_name, future.model_version),
        origins=origins_of(actuals)[:-1],
    )
    digests = view.panel.digests(vintage.origin for vintage in stored)
    past = [said for said in stored if said.history_digest == digests[said.origin]]
    known = {said.origin: said for said in (*past, future)}
    return view_of(actuals, known.values(), live=view.live, problem=view.problem)


def ask_panel(client: EndpointClient, endpoint: Endpoint, panel: Panel, asked: Question) -> list[Vintage]:
    """Ask an endpoint for a forecast of each node and origin, in one request.

    Raises EndpointRejected when its model has other series, or knows no series at all.
    """
    text = question_text(panel, asked)
    if text is None:
        return []
    answer = client.score(text)
    try:
        by_node = {str(one["unique_id"]): one["forecasts"] for one in answer.body["series"]}
    except (KeyError, TypeError) as error:
        raise EndpointRejected(
            "The endpoint's model is not one of many series.",
            code="endpoint.not_a_panel",
            evidence=answer.text[:500],
        ) from error
    return _vintages(
        endpoint, panel, {node: by_node[node] for node in asked.nodes if node in by_node}, answer
    )


def _vintages(
    endpoint: Endpoint, panel: Panel, by_node: Mapping[str, Sequence[Mapping[str, Any]]], answer: Answer
) -> list[Vintage]:
    """The forecasts of an answer, as issued now."""
    any_of_them: Actuals = panel.actuals(panel.nodes[0])
    issued = [
        replace(read_vintage(endpoint, any_of_them, forecast, answer), series=panel.series_of(node))
        for node, forecasts in by_node.items()
        for forecast in forecasts
    ]
    digests = panel.digests(vintage.origin for vintage in issued)
    return [replace(vintage, history_digest=digests[vintage.origin]) for vintage in issued]


def _known(history: History, endpoint: Endpoint, panel: Panel, asked: Question) -> set[datetime]:
    """The origins from which this endpoint's model said already, from the same actuals, what comes next.

    What is asked together is kept together, so that one node tells it of all.
    """
    found = history.newest_vintages(
        endpoint.name,
        panel.series_of(asked.nodes[0]),
        model=_model_of(endpoint),
        horizon=LONGEST[panel.frequency],
        origins=asked.origins,
    )
    digests = panel.digests(vintage.origin for vintage in found)
    return {
        vintage.origin
        for vintage in found
        if vintage.history_digest == digests[vintage.origin] and _since_deployed(vintage, endpoint)
    }


def _since_deployed(vintage: Vintage, endpoint: Endpoint) -> bool:
    """The same model behind another script, or in a workspace made anew, may say something else."""
    deployed = endpoint.updated or endpoint.created
    return not deployed or vintage.issued_at >= deployed


def _model_of(endpoint: Endpoint) -> tuple[str, str]:
    return endpoint.model_name or "", str(endpoint.model_version or "")


def _last_futures(history: History, endpoint: str, panel: Panel) -> dict[str, Vintage]:
    """What an endpoint that is down said last, wherever that began."""
    said = history.newest_vintages(endpoint, panel.series_of(panel.nodes[0]))
    if not said:
        return {}
    last = said[-1]
    return _futures(history, endpoint, (last.model_name, last.model_version), panel, last.origin)


def _futures(
    history: History, endpoint: str, model: tuple[str, str], panel: Panel, origin: datetime
) -> dict[str, Vintage]:
    """The newest forecast of each node from an origin."""
    found = {}
    for node in panel.nodes:
        own = history.newest_vintages(endpoint, panel.series_of(node), model=model, origins=[origin])
        if own:
            found[node] = own[0]
    return found
