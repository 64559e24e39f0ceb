"""From forecasts to the JSON text of an answer; every number in it is finite, and it is encoded once.

Numbers have 12 significant digits: far more than any forecast is good for, in a third of the time that the
17 digits of an exact copy take, and of this the time of an answer mostly consists.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from .contract import CourseRequest, ForecastRequest
from .errors import RequestRefused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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

    Raises RequestRefused when a series, a history or an origin doesn't fit the model.
    """
    if isinstance(request, CourseRequest):
        [forecast] = forecaster.forecast(request.horizon, [_default_series(forecaster)])
        return f'{{"result":[{",".join([_NUMBER % value for value in forecast.mean.tolist()])}]}}'
    model = _encode({"name": identity.name, "version": identity.version})
    head = f'{{"model":{model},"frequency":{_encode(forecaster.model.frequency)}'
    names = _series_asked(forecaster, request)
    request.refuse_large(len(names))
    by_series = _forecasts(forecaster, request, names)
    if not request.series and not request.all_series:
        [name] = names
        return f"{head},{_body(by_series[name], request)}}}"
    parts = [f'"unique_id":{_encode(name)},{_body(by_series[name], request)}' for name in names]
    if request.one_series:
        return f"{head},{parts[0]}}}"
    return f'{head},"series":[{",".join([f"{{{part}}}" for part in parts])}]}}'


def error_text(code: str, message: str) -> str:
    """The body of a refusal, as JSON text."""
    return _encode({"error": {"code": code, "message": message}})


def _series_asked(forecaster: Forecaster, request: ForecastRequest) -> list[str]:
    """The ids that the answer has, in its order."""
    if request.all_series:
        return list(forecaster.rows)
    if not request.series:
        return [_default_series(forecaster)]
    for name in request.series:
        if name not in forecaster.rows:
            raise RequestRefused(
                "series_unknown", f"The model has no series {name[:80]!r}; it has {_some(forecaster)}."
            )
    return list(request.series)


def _default_series(forecaster: Forecaster) -> str:
    if forecaster.default_series is None:
        raise RequestRefused(
            "series_missing", f'The model has many series: name one in "series"; it has {_some(forecaster)}.'
        )
    return forecaster.default_series


def _some(forecaster: Forecaster) -> str:
    names = [_encode(name) for name in list(forecaster.rows)[:3]]
    more = len(forecaster.rows) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def _forecasts(
    forecaster: Forecaster, request: ForecastRequest, names: list[str]
) -> Mapping[str, Sequence[Forecast]]:
    histories = dict(request.histories)
    if request.history is not None:
        if len(names) != 1 or forecaster.model.hierarchy:
            raise RequestRefused(
                "history_without_series",
                "Every row of history needs a unique_id: the answer has many series.",
            )
        histories = {names[0]: request.history}
    if not histories:
        plain = forecaster.forecast(request.horizon, names)
        return {forecast.series: [forecast] for forecast in plain}
    for name in histories:
        if name not in forecaster.rows:
            raise RequestRefused("series_unknown", f"history: the model has no series {name[:80]!r}.")
    if not forecaster.model.hierarchy and set(histories) != set(names):
        raise RequestRefused(
            "history_incomplete", "history must have rows for each series that is asked for, and no others."
        )
    return forecaster.forecast_after(histories, request.horizon, request.origins)


def _body(forecasts: Sequence[Forecast], request: ForecastRequest) -> str:
    """What is said of one series, without the braces."""
    if not request.origins:
        [forecast] = forecasts
        return f'"origin":"{forecast.origin}","forecast":{_rows(forecast, request.levels)}'
    backtest = ",".join(
        [f'{{"origin":"{item.origin}","forecast":{_rows(item, request.levels)}}}' for item in forecasts]
    )
    return f'"forecasts":[{backtest}]'


def _rows(forecast: Forecast, levels: Sequence[int]) -> str:
    """The steps of a forecast as a JSON array: one template, filled a step; its dates need no escaping."""
    template = _template(tuple(levels))
    lower, upper = forecast.limits(levels)
    days = zip(forecast.dates, forecast.mean.tolist(), *lower.T.tolist(), *upper.T.tolist(), strict=True)
    return f"[{','.join([template % day for day in days])}]"


@lru_cache(maxsize=64)
def _template(levels: tuple[int, ...]) -> str:
    limits = ",".join(f'"{level}":{_NUMBER}' for level in levels)
    return f'{{"ds":"%s","mean":{_NUMBER},"lower":{{{limits}}},"upper":{{{limits}}}}}'


def _encode(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
