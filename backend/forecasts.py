"""Forecasts, asked of an endpoint over HTTP and kept as issued; nothing here computes one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from backend.endpoint import open_endpoint
from backend.errors import EndpointRejected, EndpointUnavailable, YosokuError
from backend.forecast_types import ForecastPoint, Vintage, read_moment, written
from backend.services import get_endpoint
from scoring.contract import MAX_HISTORY_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.actuals import Actuals
    from backend.application import Application
    from backend.endpoint import Answer, EndpointClient
    from backend.history import History
    from backend.services import Endpoint

LEVELS = (80, 95)
PAST_ORIGINS = 18
HORIZON_BOUNDS = (1, 366)
# A training run that knows where its data ended says so in metric.json; it becomes a property of the model.
TRAINED_UNTIL = "train_end"


@dataclass(frozen=True)
class ForecastView:
    """Actuals beside what an endpoint said.

    `future` starts after the last actual; `past` are forecasts from a season apart, oldest first. When the
    endpoint gave no answer, both are what it issued last, `live` is False and `problem` says why.
    """

    actuals: Actuals
    future: Vintage | None
    past: tuple[Vintage, ...]
    live: bool
    problem: YosokuError | None = None


@dataclass(frozen=True)
class _Asked:
    """What one refresh asks for."""

    endpoint: Endpoint
    actuals: Actuals
    horizon: int


def refresh(application: Application, endpoint_name: str, actuals: Actuals, *, horizon: int) -> ForecastView:
    """Ask the endpoint for what it has not issued yet, keep it, and show all of it.

    A forecast that this endpoint's model issued already from the same origin is reused. Never raises for an
    endpoint or workspace that is down: the last stored forecasts are returned with the problem.
    """
    horizon = min(max(horizon, HORIZON_BOUNDS[0]), HORIZON_BOUNDS[1])
    try:
        workspace = application.workspace()
        endpoint = get_endpoint(workspace, endpoint_name)
        if endpoint.state != "Healthy":
            raise EndpointUnavailable(
                f"The endpoint {endpoint_name} is {endpoint.state}.",
                code="endpoint.not_healthy",
                name=endpoint_name,
                state=endpoint.state,
            )
        client = open_endpoint(workspace, endpoint, application.settings.scoring_timeout_seconds)
        asked = _Asked(endpoint, actuals, horizon)
        known = _known(application.history, asked)
        missing = [origin for origin in _origins(actuals) if origin not in known]
        if missing:
            issued = ask(client, asked.endpoint, actuals, horizon=horizon, origins=missing)
            application.history.save_vintages(issued)
            known |= {vintage.origin: vintage for vintage in issued}
        return _view(actuals, known, horizon, live=True, problem=None)
    except YosokuError as problem:
        stored = application.history.newest_vintages(endpoint_name, actuals.name)
        return _view(
            actuals, {vintage.origin: vintage for vintage in stored}, horizon, live=False, problem=problem
        )


def ask(
    client: EndpointClient,
    endpoint: Endpoint,
    actuals: Actuals,
    *,
    horizon: int,
    origins: Sequence[datetime],
) -> list[Vintage]:
    """Ask an endpoint for a forecast of each origin, all in one request where it speaks our contract.

    A team's own script that knows only `{"data": [n]}` gives one forecast, from the end of its training data.
    """
    ordered = sorted(origins)
    payload = {
        "horizon": horizon,
        "levels": list(LEVELS),
        "history": actuals.history()[-MAX_HISTORY_ROWS:],
        "origins": [written(origin) for origin in ordered],
    }
    try:
        answer = client.score(payload)
        forecasts = answer.body["forecasts"]
    except (EndpointRejected, KeyError, TypeError) as error:
        if isinstance(error, EndpointRejected) and not _other_contract(error):
            raise
        return [_ask_course(client, endpoint, actuals, horizon)]
    return [_vintage(endpoint, actuals, forecast, answer) for forecast in forecasts]


def _other_contract(error: EndpointRejected) -> bool:
    """Whether a script that doesn't know our contract failed on it; a refusal in our contract is meant."""
    return not error.details.get("refusal") and error.details.get("status") in (400, 422, 500)


def default_endpoint(
    endpoints: Sequence[Endpoint], history: History, series: str | None = None
) -> Endpoint | None:
    """The endpoint to show first: Healthy before others, then the last to forecast the series, or any."""
    orders = [history.endpoints_with_vintages(series)] if series is not None else []
    orders.append(history.endpoints_with_vintages())

    def preference(endpoint: Endpoint) -> tuple[bool, list[int]]:
        name = endpoint.name
        return endpoint.state != "Healthy", [
            order.index(name) if name in order else len(order) for order in orders
        ]

    return min(endpoints, key=preference, default=None)


def _origins(actuals: Actuals) -> list[datetime]:
    """The last step, and the ends of the seasons before it, while a season of actuals is left to judge by."""
    rows, season = len(actuals.frame), actuals.season
    least = 2 * season - 1  # an origin needs some history before it
    past = range(rows - 1 - season, least - 1, -season)[:PAST_ORIGINS]
    return [actuals.frame["ds"].iloc[row].to_pydatetime() for row in (*reversed(past), rows - 1)]


def _known(history: History, asked: _Asked) -> dict[datetime, Vintage]:
    model = (asked.endpoint.model_name or "", str(asked.endpoint.model_version or ""))
    found = history.newest_vintages(
        asked.endpoint.name, asked.actuals.name, model=model, horizon=asked.horizon
    )
    if any(vintage.contract == "course" for vintage in found):
        return {}  # it has no origins to choose from, so that it is asked each time
    deployed = asked.endpoint.updated or asked.endpoint.created
    # The same model behind another script, or in a workspace made anew, may say something else.
    return {vintage.origin: vintage for vintage in found if not deployed or vintage.issued_at >= deployed}


def _view(
    actuals: Actuals,
    known: Mapping[datetime, Vintage],
    horizon: int,
    *,
    live: bool,
    problem: YosokuError | None,
) -> ForecastView:
    vintages = [known[origin].within(horizon) for origin in sorted(known)]
    future = vintages[-1] if vintages else None
    if future and future.points[-1].ds <= actuals.origin:
        future = None
    past = [vintage for vintage in vintages if vintage.origin < actuals.origin]
    return ForecastView(actuals, future, tuple(past), live, problem)


def _vintage(endpoint: Endpoint, actuals: Actuals, forecast: Mapping[str, Any], answer: Answer) -> Vintage:
    return Vintage(
        endpoint=endpoint.name,
        model_name=endpoint.model_name or "",
        model_version=str(endpoint.model_version or ""),
        series=actuals.name,
        origin=read_moment(str(forecast["origin"])),
        issued_at=datetime.now(UTC),
        frequency=str(answer.body.get("frequency", actuals.frequency)),
        latency_ms=answer.latency_ms,
        contract="yosoku",
        points=tuple(_point(point) for point in forecast["forecast"]),
    )


def _point(point: Mapping[str, Any]) -> ForecastPoint:
    return ForecastPoint(
        ds=read_moment(str(point["ds"])),
        mean=float(point["mean"]),
        lower={int(level): float(value) for level, value in point.get("lower", {}).items()},
        upper={int(level): float(value) for level, value in point.get("upper", {}).items()},
    )


def _ask_course(client: EndpointClient, endpoint: Endpoint, actuals: Actuals, horizon: int) -> Vintage:
    """The course's contract: only a list of means, without dates."""
    origin = _trained_until(endpoint) or actuals.origin
    answer = client.score({"data": [horizon]})
    if not isinstance(answer.body, dict) or not isinstance(answer.body.get("result"), list):
        raise EndpointRejected(
            "The endpoint answers neither contract: no forecasts and no result.",
            code="endpoint.unknown_contract",
            evidence=answer.text[:500],
        )
    result = answer.body["result"]
    steps = pd.date_range(pd.Timestamp(origin), periods=len(result) + 1, freq=actuals.calendar)
    steps = steps[steps > pd.Timestamp(origin)][: len(result)]
    return Vintage(
        endpoint=endpoint.name,
        model_name=endpoint.model_name or "",
        model_version=str(endpoint.model_version or ""),
        series=actuals.name,
        origin=origin,
        issued_at=datetime.now(UTC),
        frequency=actuals.frequency,
        latency_ms=answer.latency_ms,
        contract="course",
        points=tuple(
            ForecastPoint(step.to_pydatetime(), float(value), {}, {})
            for step, value in zip(steps, result, strict=True)
        ),
    )


def _trained_until(endpoint: Endpoint) -> datetime | None:
    value = endpoint.properties.get(TRAINED_UNTIL) or endpoint.tags.get(TRAINED_UNTIL)
    try:
        return read_moment(value) if value else None
    except ValueError:
        return None  # a team's own words for when its data ended
