"""Where actuals come from: a CSV, read once, its problems reported row by row and never silently repaired."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

import numpy as np
import pandas as pd

from backend.errors import InvalidActuals

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from backend.settings import Settings

ProblemCode = Literal["bad_date", "missing_value", "not_a_number", "duplicate", "unsorted", "gap", "off_grid"]
Frequency = Literal["D", "W", "MS", "QS"]

CSV_BYTES = 50_000_000
LEAST_ROWS = 2
PROBLEMS_LISTED = 200
DATE_NAMES = ("ds", "date", "day", "transactiondate", "orderdate", "timestamp", "time")
VALUE_NAMES = ("y", "paidamount", "value", "amount", "revenue", "sales", "quantity")
# Seasonal period by frequency: a week of days, a year of weeks, months and quarters.
SEASON: dict[Frequency, int] = {"D": 7, "W": 52, "MS": 12, "QS": 4}
_STEP_DAYS: tuple[tuple[Frequency, float, float], ...] = (
    ("D", 0.9, 1.1),
    ("W", 6.9, 7.1),
    ("MS", 28, 31),
    ("QS", 89, 92),
)


@dataclass(frozen=True)
class Problem:
    """One finding; `row` counts the file's lines from 1, the header being line 1."""

    code: ProblemCode
    row: int | None
    day: date | None
    value: str = ""


@dataclass(frozen=True)
class Actuals:
    """A series that can be drawn and forecast.

    `frame` has `ds` (datetime64, ascending, one row a step) and `y` (float); `filled` lists the steps that
    were missing and are interpolated in `frame`.
    """

    name: str
    frame: pd.DataFrame
    frequency: Frequency
    date_column: str
    value_column: str
    columns: tuple[str, ...]
    problems: tuple[Problem, ...]
    filled: tuple[date, ...]

    @property
    def origin(self) -> date:
        """The last day with an actual."""
        return self.frame["ds"].iloc[-1].date()  # type: ignore[no-any-return]

    @property
    def season(self) -> int:
        """Steps in a season."""
        return SEASON[self.frequency]

    def history(self, end: date | None = None) -> list[dict[str, Any]]:
        """The rows up to and with `end`, as the scoring contract wants them."""
        frame = self.frame if end is None else self.frame[self.frame["ds"] <= pd.Timestamp(end)]
        days = frame["ds"].dt.strftime("%Y-%m-%d")
        return [{"ds": ds, "y": y} for ds, y in zip(days, frame["y"].tolist(), strict=True)]


@dataclass(frozen=True)
class ActualsSource:
    """A file of actuals that can be chosen."""

    name: str
    path: Path


def list_actuals(settings: Settings) -> list[ActualsSource]:
    """The configured file first, then the uploaded ones by name."""
    first = ActualsSource(settings.actuals.stem, settings.actuals)
    return [first, *(ActualsSource(path.stem, path) for path in sorted(_folder(settings).glob("*.csv")))]


def save_actuals(settings: Settings, name: str, content: bytes) -> ActualsSource:
    """Keep an uploaded CSV; it must be readable, and an older one of the same name is replaced."""
    stem = re.sub(r"[^\w.-]+", "-", Path(name).stem).strip("-.") or "actuals"
    read_actuals(BytesIO(content), stem)
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{stem}.partial"
    partial.write_bytes(content)
    partial.replace(folder / f"{stem}.csv")
    return ActualsSource(stem, folder / f"{stem}.csv")


def read_actuals(
    source: Path | BinaryIO, name: str, *, date_column: str | None = None, value_column: str | None = None
) -> Actuals:
    """Read a CSV as a series.

    The date and value columns are found by name and content, or given. Duplicated days keep their last row,
    unreadable rows are left out, missing steps are interpolated linearly and listed in `filled`; each is in
    `problems`. InvalidActuals when no series can be made of it.
    """
    table = _table(source)
    dates, values = _columns(table, date_column, value_column)
    problems: list[Problem] = []
    series = _clean(table[dates], table[values], problems)
    frequency = _frequency(series.index)
    series = _on_grid(series, frequency, problems)
    grid = pd.date_range(series.index[0], series.index[-1], freq=_offset(series.index, frequency))
    missing = grid.difference(pd.DatetimeIndex(series.index))
    problems.extend(Problem("gap", None, day.date()) for day in missing[:PROBLEMS_LISTED])
    complete = series.reindex(grid).interpolate(method="linear")
    return Actuals(
        name=name,
        frame=pd.DataFrame({"ds": grid, "y": complete.to_numpy(dtype=float)}),
        frequency=frequency,
        date_column=dates,
        value_column=values,
        columns=tuple(str(column) for column in table.columns),
        problems=tuple(problems[:PROBLEMS_LISTED]),
        filled=tuple(day.date() for day in missing),
    )


def _folder(settings: Settings) -> Path:
    return settings.state_dir / "actuals"


def _table(source: Path | BinaryIO) -> pd.DataFrame:
    try:
        content = source.read_bytes() if isinstance(source, Path) else source.read()
    except OSError as error:
        raise InvalidActuals(
            f"The file {source} can't be read.", field="actuals", code="actuals.unreadable"
        ) from error
    if len(content) > CSV_BYTES:
        raise InvalidActuals(
            f"The CSV has {len(content)} bytes; at most {CSV_BYTES} are taken.",
            field="actuals",
            code="actuals.too_large",
            bound=CSV_BYTES,
        )
    try:
        table = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise InvalidActuals(
            "The file isn't a CSV in UTF-8.",
            field="actuals",
            code="actuals.not_csv",
            evidence=str(error)[:300],
        ) from error
    if len(table.columns) < 2 or len(table) < LEAST_ROWS:
        raise InvalidActuals(
            f"The CSV needs a header, a date column, a value column and at least {LEAST_ROWS} rows.",
            field="actuals",
            code="actuals.too_small",
            bound=LEAST_ROWS,
        )
    return table


def _columns(table: pd.DataFrame, dates: str | None, values: str | None) -> tuple[str, str]:
    for given, name in ((dates, "date_column"), (values, "value_column")):
        if given is not None and given not in table.columns:
            raise InvalidActuals(
                f"There is no column {given}.", field=name, code="actuals.no_column", name=given
            )
    date_column = dates or _first(table, DATE_NAMES, _reads_as_dates, ())
    value_column = values or _first(table, VALUE_NAMES, _reads_as_numbers, (date_column,))
    if date_column is None or value_column is None:
        missing = "date" if date_column is None else "value"
        raise InvalidActuals(
            f"No column reads as a {missing}; choose one.",
            field=f"{missing}_column",
            code=f"actuals.no_{missing}",
        )
    return date_column, value_column


def _first(table: pd.DataFrame, names: Sequence[str], reads: Any, taken: Sequence[str | None]) -> str | None:
    by_name = {str(column).strip().lower(): str(column) for column in table.columns}
    candidates = [by_name[name] for name in names if name in by_name]
    candidates += [str(column) for column in table.columns]
    return next((column for column in candidates if column not in taken and reads(table[column])), None)


def _reads_as_dates(column: pd.Series[str]) -> bool:
    if _reads_as_numbers(column):
        return False  # a bare number reads as nanoseconds since 1970
    return bool(_to_dates(column).notna().mean() > 0.5)


def _reads_as_numbers(column: pd.Series[str]) -> bool:
    return bool(pd.to_numeric(column, errors="coerce").notna().mean() > 0.5)


def _to_dates(column: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    return pd.to_datetime(column.str.strip(), errors="coerce", format="mixed", utc=False)


def _clean(dates: pd.Series[str], values: pd.Series[str], problems: list[Problem]) -> pd.Series[float]:
    days = _to_dates(dates)
    numbers = pd.to_numeric(values.str.strip(), errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    seen: dict[pd.Timestamp, float] = {}
    latest: pd.Timestamp | None = None
    for position, (day, number, text) in enumerate(zip(days, numbers, values, strict=True)):
        row = position + 2  # the header is line 1
        if pd.isna(day):
            problems.append(Problem("bad_date", row, None, str(dates.iloc[position])))
            continue
        moment = day.tz_localize(None) if day.tzinfo else day
        if pd.isna(number):
            code: ProblemCode = (
                "missing_value" if not text.strip() or text.strip().lower() == "nan" else "not_a_number"
            )
            problems.append(Problem(code, row, moment.date(), str(text)))
            continue
        if moment in seen:
            problems.append(Problem("duplicate", row, moment.date(), str(text)))
        elif latest is not None and moment < latest:
            problems.append(Problem("unsorted", row, moment.date()))
        latest = moment if latest is None else max(latest, moment)
        seen[moment] = float(number)
    if len(seen) < LEAST_ROWS:
        raise InvalidActuals(
            f"Only {len(seen)} rows have both a date and a number; at least {LEAST_ROWS} are needed.",
            field="actuals",
            code="actuals.too_few",
            count=len(seen),
            bound=LEAST_ROWS,
        )
    return pd.Series(seen, dtype=float).sort_index()


def _frequency(index: pd.Index[Any]) -> Frequency:
    steps = np.diff(index.to_numpy(dtype="datetime64[ns]")).astype("timedelta64[s]").astype(float) / 86_400
    typical = float(np.median(steps))
    for frequency, low, high in _STEP_DAYS:
        if low <= typical <= high:
            return frequency
    if np.all(steps % 7 == 0):
        return "W"
    if np.all(steps % 1 == 0) and steps.min() == 1:
        return "D"  # a daily series with more days missing than there
    raise InvalidActuals(
        f"The rows are {typical:g} days apart; daily, weekly, monthly and quarterly series are taken.",
        field="actuals",
        code="actuals.frequency",
        days=round(typical, 3),
    )


def _offset(index: pd.Index[Any], frequency: Frequency) -> str:
    """Weeks keep the weekday that the series has."""
    first: pd.Timestamp = index[0]
    return f"W-{first.day_name()[:3].upper()}" if frequency == "W" else frequency


def _on_grid(series: pd.Series[float], frequency: Frequency, problems: list[Problem]) -> pd.Series[float]:
    """One row a step: days count without their time, months and quarters from their first day; a row that
    lies between two steps of a weekly series is left out."""
    moments = pd.DatetimeIndex(series.index)
    if frequency in ("MS", "QS"):
        steps = moments.to_period("M" if frequency == "MS" else "Q").to_timestamp()
    else:
        steps = moments.normalize()
    days = np.asarray((steps - steps[0]).days)
    regular = days % 7 == 0 if frequency == "W" else np.ones(len(steps), dtype=bool)
    repeated = np.asarray(steps.duplicated(keep="last"))
    for code, found in (("off_grid", ~regular), ("duplicate", repeated & regular)):
        problems.extend(Problem(code, None, day.date()) for day in steps[found])  # type: ignore[arg-type]
    kept = regular & ~repeated
    if kept.sum() < LEAST_ROWS:
        raise InvalidActuals(
            "The rows follow no regular step.",
            field="actuals",
            code="actuals.irregular",
            count=int(kept.sum()),
        )
    return pd.Series(series.to_numpy()[kept], index=steps[kept])
