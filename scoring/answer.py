"""From forecasts to the JSON text of an answer; every number in it is finite, and it is encoded once.

Numbers have 12 significant digits: far more than any forecast is good for, in a third of the time that the
17 digits of an exact copy take, and of this the time of an answer mostly consists.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contract import CourseRequest, ForecastRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .forecaster import Forecast, Forecaster

_NUMBER = "%.12g"


@dataclass(frozen=True)
class ModelIdentity:
    """Who answers: the registered model's name, and its version when the folder it was mounted in says it."""

    name: str
    version: int | None


def answer_text(
    forecaster: Forecaster, identity: ModelIdentity, request: CourseRequest | ForecastRequest
) -> str:
    """The answer to a checked request, as JSON text.

    Raises RequestRefused when a history or an origin doesn't fit the model.
    """
    if isinstance(request, CourseRequest):
        mean = forecaster.forecast(request.horizon).mean.tolist()
        return f'{{"result":[{",".join([_NUMBER % value for value in mean])}]}}'
    model = _encode({"name": identity.name, "version": identity.version})
    frequency = _encode(forecaster.model.frequency)
    if request.history is None:
        forecasts: Sequence[Forecast] = (forecaster.forecast(request.horizon),)
    else:
        forecasts = forecaster.forecast_after(request.history, request.horizon, request.origins)
    if not request.origins:
        [forecast] = forecasts
        rows = _rows(forecast, request.levels)
        return f'{{"model":{model},"origin":"{forecast.origin}","frequency":{frequency},"forecast":{rows}}}'
    backtest = ",".join(
        [f'{{"origin":"{item.origin}","forecast":{_rows(item, request.levels)}}}' for item in forecasts]
    )
    return f'{{"model":{model},"frequency":{frequency},"forecasts":[{backtest}]}}'


def error_text(code: str, message: str) -> str:
    """The body of a refusal, as JSON text."""
    return _encode({"error": {"code": code, "message": message}})


def _rows(forecast: Forecast, levels: Sequence[int]) -> str:
    """The days of a forecast as a JSON array: one template, filled a day; its dates need no escaping."""
    limits = ",".join(f'"{level}":{_NUMBER}' for level in levels)
    template = f'{{"ds":"%s","mean":{_NUMBER},"lower":{{{limits}}},"upper":{{{limits}}}}}'
    lower, upper = [], []
    for level in levels:
        low, high = forecast.limits(level)
        lower.append(low.tolist())
        upper.append(high.tolist())
    days = zip(forecast.dates, forecast.mean.tolist(), *lower, *upper, strict=True)
    return f"[{','.join([template % day for day in days])}]"


def _encode(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
