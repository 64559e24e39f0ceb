"""The scoring contract: what an endpoint accepts, and every bound it holds a request to.

`{"data": [3]}` is the course's request and is kept for ever; `{"horizon", "levels", "series", "history",
"origins"}` is ours. Nothing here needs numpy, so the backend can import it too.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import RequestRefused
from .frequency import parse_moment

if TYPE_CHECKING:
    from datetime import datetime

MAX_HORIZON = 366
"""Steps ahead, at most."""
MAX_BODY_BYTES = 5_000_000
"""Size of a request, at most."""
MAX_HISTORY_ROWS = 5_000
"""Rows of a series in `history`, at most; also the longest gap between a model's series and a history."""
MAX_ORIGINS = 366
"""Origins of one backtest request, at most."""
MAX_ANSWER_VALUES = 300_000
"""Numbers in one answer, at most: series x origins x horizon x (1 + 2 x levels)."""
ALL_SERIES = "all"
"""What `series` says for every series of the model."""
MIN_LEVEL, MAX_LEVEL = 1, 99
"""Interval levels, percent."""
DEFAULT_LEVELS = (80, 95)
"""The levels of a request that names none."""

ENTRY_SCRIPT = "score.py"
SHIPPED_FILES = (
    ENTRY_SCRIPT,
    "answer.py",
    "array_files.py",
    "contract.py",
    "errors.py",
    "forecaster.py",
    "frequency.py",
    "hierarchy.py",
    "intervals.py",
    "kinds/__init__.py",
    "kinds/combination.py",
    "kinds/naive.py",
    "kinds/outlook.py",
    "kinds/profile.py",
    "kinds/reading.py",
    "kinds/smoothing.py",
    "kinds/state_space.py",
    "kinds/theta.py",
    "kinds/transformed.py",
    "model_file.py",
)
"""The files of this folder that an endpoint needs: the entry script and what it imports."""


@dataclass(frozen=True)
class CourseRequest:
    """The course's request: the forecast means of so many steps, and nothing else."""

    horizon: int


@dataclass(frozen=True)
class History:
    """Observed values in ascending order of date, at least one; values are finite."""

    moments: tuple[datetime, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class ForecastRequest:
    """A checked request for a forecast.

    `series` are the ids asked for, empty when none is named; `all_series` when all are, `one_series` when one
    is named by itself and not in a list. `history` has rows without an id, `histories` those of each id.
    `origins` is empty for a forecast from the end of what is known.
    """

    horizon: int
    levels: tuple[int, ...] = DEFAULT_LEVELS
    series: tuple[str, ...] = ()
    all_series: bool = False
    one_series: bool = False
    history: History | None = None
    histories: tuple[tuple[str, History], ...] = ()
    origins: tuple[datetime, ...] = ()

    def refuse_large(self, series: int) -> None:
        """Raise RequestRefused when the answer for so many series would be over the bound."""
        values = series * max(1, len(self.origins)) * self.horizon * (1 + 2 * len(self.levels))
        if values > MAX_ANSWER_VALUES:
            raise RequestRefused(
                "answer_too_large",
                f"The answer would have {values} numbers (series x origins x horizon x (1 + 2 x levels)), at "
                f"most {MAX_ANSWER_VALUES} are given at once: ask in parts.",
            )


def parse_request(raw: str | bytes) -> CourseRequest | ForecastRequest:
    """Read and check a request body.

    Raises RequestRefused, naming the field and its bound, for anything outside the contract. Dates are
    checked for form and order here; whether they fit the model's frequency only the model can say.
    """
    body = _parse_json(raw)
    if not isinstance(body, dict):
        raise RequestRefused("not_an_object", 'The body must be a JSON object such as {"horizon": 28}.')
    if "data" in body:
        _refuse_unknown(body, ("data",), "with data")
        return CourseRequest(_course_horizon(body["data"]))
    _refuse_unknown(body, ("horizon", "levels", "series", "history", "origins"), "in a request")
    if "horizon" not in body:
        raise RequestRefused(
            "horizon_missing", f"horizon is missing: give the steps ahead, 1 to {MAX_HORIZON}."
        )
    series = body.get("series")
    histories = _histories(body["history"]) if "history" in body else {}
    request = ForecastRequest(
        horizon=_horizon(body["horizon"], "horizon"),
        levels=_levels(body["levels"]) if "levels" in body else DEFAULT_LEVELS,
        series=_series(series) if "series" in body else (),
        all_series=series == ALL_SERIES,
        one_series=isinstance(series, str) and series != ALL_SERIES,
        history=histories.pop("", None),
        histories=tuple(histories.items()),
        origins=_origins(body["origins"], body.get("history") is not None) if "origins" in body else (),
    )
    for history in (request.history, *(history for _, history in request.histories)):
        if history is not None:
            _refuse_outside(request.origins, history)
    request.refuse_large(max(1, len(request.series)))
    return request


def _parse_json(raw: str | bytes) -> object:
    size = len(raw) if isinstance(raw, bytes) or raw.isascii() else len(raw.encode("utf-8", "surrogatepass"))
    if size > MAX_BODY_BYTES:
        raise RequestRefused(
            "body_too_large", f"The body has {size} bytes, at most {MAX_BODY_BYTES} are accepted.", status=413
        )
    if not raw.strip():
        raise RequestRefused(
            "body_empty", "The body is empty. Send JSON with the header Content-Type: application/json."
        )
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        # ValueError also covers bytes that aren't UTF-8 and integers of thousands of digits.
        raise RequestRefused("not_json", f"The body is not JSON: {error}.") from error


def _refuse_unknown(body: dict[str, object], known: tuple[str, ...], where: str) -> None:
    unknown = [name for name in body if name not in known]
    if unknown:
        raise RequestRefused(
            "unknown_field", f"{unknown[0][:40]!r} is not a field {where}; known: {', '.join(known)}."
        )


def _shown(value: object) -> str:
    """The value as an error text repeats it: short, and never a whole list or object."""
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:40] + "..."


def _integer(value: object) -> int | None:
    """The integer a JSON number stands for (3 and 3.0 are the same number), None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not value.is_integer():
        return None
    return int(value)


def _horizon(value: object, field: str) -> int:
    horizon = _integer(value)
    if horizon is None or not 1 <= horizon <= MAX_HORIZON:
        raise RequestRefused(
            "horizon_invalid", f"{field} must be an integer from 1 to {MAX_HORIZON}, not {_shown(value)}."
        )
    return horizon


def _course_horizon(data: object) -> int:
    if not isinstance(data, list) or len(data) != 1:
        raise RequestRefused(
            "data_invalid",
            f"data must be a list of one number, the steps ahead: [3]; it is {_shown(data)}.",
        )
    return _horizon(data[0], "data[0]")


def _levels(value: object) -> tuple[int, ...]:
    if not isinstance(value, list):
        raise RequestRefused("levels_invalid", f"levels must be a list like [80, 95], not {_shown(value)}.")
    levels = []
    for position, item in enumerate(value):
        level = _integer(item)
        if level is None or not MIN_LEVEL <= level <= MAX_LEVEL:
            raise RequestRefused(
                "levels_invalid",
                f"levels[{position}] must be an integer from {MIN_LEVEL} to {MAX_LEVEL}, not {_shown(item)}.",
            )
        if level in levels:
            raise RequestRefused("levels_invalid", f"levels[{position}] repeats {level}.")
        levels.append(level)
    return tuple(levels)


def _series(value: object) -> tuple[str, ...]:
    if value == ALL_SERIES:
        return ()
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise RequestRefused(
            "series_invalid",
            f'series must be an id, a list of ids or "{ALL_SERIES}", not {_shown(value)}.',
        )
    if len(set(names)) != len(names):
        raise RequestRefused("series_invalid", "series names one id twice.")
    return tuple(names)


def _histories(value: object) -> dict[str, History]:
    """The rows by series; those without an id under the empty text."""
    if not isinstance(value, list) or not value:
        raise RequestRefused(
            "history_invalid",
            f'history must be a list of at least one {{"ds": "2014-05-31", "y": 1}}; it is {_shown(value)}.',
        )
    rows: dict[str, tuple[list[datetime], list[float]]] = {}
    for row, item in enumerate(value):
        if not isinstance(item, dict) or not {"ds", "y"} <= set(item) <= {"ds", "y", "unique_id"}:
            raise RequestRefused(
                "history_invalid",
                f"history[{row}] must have ds and y, and unique_id where there are many series; no more.",
            )
        name = item.get("unique_id", "")
        if not isinstance(name, str) or ("unique_id" in item and not name):
            raise RequestRefused("history_invalid", f"history[{row}].unique_id must be a text.")
        moments, values = rows.setdefault(name, ([], []))
        moments.append(_moment(item["ds"], f"history[{row}].ds"))
        values.append(_finite(item["y"], f"history[{row}].y"))
        _refuse_disorder(moments, row, "history", ".ds")
    if "" in rows and len(rows) > 1:
        raise RequestRefused("history_invalid", "history has rows with a unique_id and rows without one.")
    for moments, _ in rows.values():
        if len(moments) > MAX_HISTORY_ROWS:
            raise RequestRefused(
                "history_too_long",
                f"history has {len(moments)} rows of a series, at most {MAX_HISTORY_ROWS} are accepted.",
            )
    return {name: History(tuple(moments), tuple(values)) for name, (moments, values) in rows.items()}


def _origins(value: object, has_history: bool) -> tuple[datetime, ...]:
    if not has_history:
        raise RequestRefused("origins_without_history", "origins needs a history: what a backtest may see.")
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_ORIGINS:
        raise RequestRefused("origins_invalid", f"origins must be a list of 1 to {MAX_ORIGINS} dates.")
    origins: list[datetime] = []
    for position, item in enumerate(value):
        origins.append(_moment(item, f"origins[{position}]"))
        _refuse_disorder(origins, position, "origins", "")
    return tuple(origins)


def _refuse_outside(origins: tuple[datetime, ...], history: History) -> None:
    for position, origin in enumerate(origins):
        if not history.moments[0] <= origin <= history.moments[-1]:
            raise RequestRefused(
                "origin_outside_history",
                f"origins[{position}] is {origin.date()}, outside the history: "
                f"{history.moments[0].date()} to {history.moments[-1].date()}.",
            )


def _moment(value: object, field: str) -> datetime:
    if not isinstance(value, str):
        raise RequestRefused(
            "date_invalid", f"{field} must be a date in text, like 2014-05-31, not {_shown(value)}."
        )
    try:
        return parse_moment(value)
    except ValueError as error:
        raise RequestRefused("date_invalid", f"{field}: {error}.") from error


def _finite(value: object, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestRefused("value_invalid", f"{field} must be a number, not {_shown(value)}.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise RequestRefused("value_invalid", f"{field} must be finite; NaN and Infinity are refused.")
    return number


def _refuse_disorder(moments: list[datetime], row: int, field: str, suffix: str) -> None:
    """Compare the last date with the one before it."""
    if len(moments) < 2 or moments[-2] < moments[-1]:
        return
    if moments[-1] == moments[-2]:
        raise RequestRefused("dates_duplicated", f"{field}[{row}]{suffix} repeats {moments[-1].isoformat()}.")
    raise RequestRefused(
        "dates_unsorted",
        f"{field}[{row}]{suffix} is before the one above it: sort by date, oldest first.",
    )
