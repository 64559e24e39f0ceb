"""Forecasts, asked of an endpoint over HTTP and kept as issued; nothing here computes one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from backend.accuracy import LEVELS
from backend.endpoint import open_endpoint
from backend.errors import EndpointRejected, EndpointUnavailable, YosokuError
from backend.forecast_types import ForecastPoint, Vintage, read_moment, written
from backend.horizons import LONGEST
from backend.series_calendar import has_hours
from backend.services import get_endpoint
from scoring.contract import MAX_HISTORY_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backend.actuals import Actuals
    from backend.application import Application
    from backend.endpoint import Answer, EndpointClient
    from backend.history import History
    from backend.series_calendar import Frequency
    from backend.services import Endpoint

PAST_ORIGINS = 52
# Where steps are shorter than weeks, past origins are the ends of days (of hours) and weeks (of days).
LAST_HOUR = 23
LAST_WEEKDAY: Mapping[Frequency, int] = {"D": 6, "B": 4}
HORIZON_BOUNDS = (1, 366)
# A training run that knows where its data ended says so in metric.json; it becomes a property of the model.
TRAINED_UNTIL = "train_end"
# Names the actuals that a version was trained on by a training here, so that it is trained on them again.
ACTUALS = "actuals"


@dataclass(frozen=True)
class ForecastView:
    """Actuals beside what an endpoint said, each forecast as long as it was issued.

    `future` starts after the last actual; `past` are forecasts from a season apart, oldest first. When the
    endpoint gave no answer, both are what it issued last, `live` is False and `problem` says why.
    """

    actuals: Actuals
    future: Vintage | None
    past: tuple[Vintage, ...]
    live: bool
    problem: YosokuError | None = None

    @property
    def issued(self) -> tuple[Vintage, ...]:
        """Every forecast of the view, the oldest origin first."""
        return self.past if self.future is None else (*self.past, self.future)

    @property
    def issuer(self) -> str:
        """The endpoint that they are of; empty where there is none."""
        return self.issued[-1].endpoint if self.issued else ""


def refresh(application: Application, endpoint_name: str, actuals: Actuals) -> ForecastView:
    """Ask the endpoint for what it has not issued yet, keep it, and show all of it.

    A forecast that this endpoint's model issued already from the same actuals is reused. Never raises for an
    endpoint or workspace that is down: the last stored forecasts are returned with the problem.
    """
    try:
        workspace = application.workspace()
        endpoint = get_endpoint(workspace, endpoint_name)
        refuse_unsettled(endpoint)
        client = open_endpoint(workspace, endpoint, application.settings.scoring_timeout_seconds)
        known = reusable(application.history, endpoint, actuals)
        missing = [origin for origin in origins_of(actuals) if origin not in known]
        if missing:
            horizon = LONGEST[actuals.frequency]
            issued = ask(client, endpoint, actuals, horizon=horizon, origins=missing)
            application.history.save_vintages(issued)
            known |= {vintage.origin: vintage for vintage in issued}
        return view_of(actuals, known.values(), live=True)
    except YosokuError as problem:
        stored = application.history.newest_vintages(endpoint_name, actuals.name)
        return view_of(actuals, from_these(stored, actuals) or stored, live=False, problem=problem)


def refuse_unsettled(endpoint: Endpoint) -> None:
    """Raise EndpointUnavailable for an endpoint that is not Healthy."""
    if endpoint.state != "Healthy":
        raise EndpointUnavailable(
            f"The endpoint {endpoint.name} is {endpoint.state}.",
            code="endpoint.not_healthy",
            name=endpoint.name,
            state=endpoint.state,
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
    issued = [read_vintage(endpoint, actuals, forecast, answer) for forecast in forecasts]
    digests = history_digests(actuals, (vintage.origin for vintage in issued))
    return [replace(vintage, history_digest=digests[vintage.origin]) for vintage in issued]


def _other_contract(error: EndpointRejected) -> bool:
    """Whether a script that doesn't know our contract failed on it; a refusal in our contract is meant."""
    return not error.details.get("refusal") and error.details.get("status") in (400, 422, 500)


def default_endpoint(
    endpoints: Sequence[Endpoint], history: History, series: str | None = None
) -> Endpoint | None:
    """The endpoint to show first: Healthy before others, then one whose model was trained on these actuals,
    then the last to forecast the series, or any."""
    orders = [history.endpoints_with_vintages(series)] if series is not None else []
    orders.append(history.endpoints_with_vintages())

    whole = (series or "").partition("/")[0]

    def preference(endpoint: Endpoint) -> tuple[bool, bool, list[int]]:
        name = endpoint.name
        made_for = endpoint.properties.get(ACTUALS) == whole
        places = [order.index(name) if name in order else len(order) for order in orders]
        return endpoint.state != "Healthy", not made_for, places

    return min(endpoints, key=preference, default=None)


def origins_of(actuals: Actuals) -> list[datetime]:
    """The last step, and before it the ends of days, weeks or steps that have two seasons of history.

    They stay where they are when actuals move on, so that what was issued from them is of use again.
    """
    steps = actuals.frame["ds"].iloc[2 * actuals.season - 1 : -1]
    if has_hours(actuals.frequency):
        steps = steps[steps.dt.hour == LAST_HOUR]
    elif actuals.frequency in LAST_WEEKDAY:
        steps = steps[steps.dt.day_of_week == LAST_WEEKDAY[actuals.frequency]]
    return [*steps.iloc[-PAST_ORIGINS:].dt.to_pydatetime(), actuals.origin]


def history_digests(actuals: Actuals, origins: Iterable[datetime]) -> dict[datetime, str]:
    """The SHA-256 of the actuals up to each origin: another file of the same name has others."""
    steps = actuals.frame["ds"].to_numpy().astype("datetime64[s]").astype("<i8")
    rows = np.ascontiguousarray(
        np.column_stack([steps, actuals.frame["y"].to_numpy(dtype=float)]), dtype="<f8"
    )
    found: dict[datetime, str] = {}
    digest, begin = hashlib.sha256(), 0
    for origin in sorted(set(origins)):
        end = int(np.searchsorted(steps, np.datetime64(origin, "s").astype("<i8"), side="right"))
        digest.update(rows[begin:end].tobytes())
        found[origin], begin = digest.copy().hexdigest(), end
    return found


def reusable(history: History, endpoint: Endpoint, actuals: Actuals) -> dict[datetime, Vintage]:
    """What this endpoint's model issued already from the same actuals, by origin."""
    model = (endpoint.model_name or "", str(endpoint.model_version or ""))
    found = history.newest_vintages(
        endpoint.name,
        actuals.name,
        model=model,
        horizon=LONGEST[actuals.frequency],
        origins=origins_of(actuals),
    )
    if any(vintage.contract == "course" for vintage in found):
        return {}  # it has no origins to choose from, so that it is asked each time
    deployed = endpoint.updated or endpoint.created
    # The same model behind another script, or in a workspace made anew, may say something else.
    return {
        vintage.origin: vintage
        for vintage in from_these(found, actuals)
        if not deployed or vintage.issued_at >= deployed
    }


def from_these(found: Sequence[Vintage], actuals: Actuals) -> list[Vintage]:
    """Those of some forecasts that saw the actuals as they are now."""
    digests = history_digests(actuals, (vintage.origin for vintage in found))
    return [vintage for vintage in found if vintage.history_digest == digests[vintage.origin]]


def view_of(
    actuals: Actuals, known: Iterable[Vintage], *, live: bool, problem: YosokuError | None = None
) -> ForecastView:
    """Actuals beside forecasts of their origins, one an origin, in whatever order they come."""
    vintages = sorted(known, key=lambda vintage: vintage.origin)
    future = vintages[-1] if vintages else None
    if future and future.points[-1].ds <= actuals.origin:
        future = None
    past = [vintage for vintage in vintages if vintage.origin < actuals.origin]
    return ForecastView(actuals, future, tuple(past), live, problem)


def read_vintage(
    endpoint: Endpoint, actuals: Actuals, forecast: Mapping[str, Any], answer: Answer
) -> Vintage:
    """One forecast of an answer in our contract, as issued now."""
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
