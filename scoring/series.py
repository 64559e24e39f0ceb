"""Read what a training run is given: one series from a CSV, or a long table with a row a series and date."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .csv_columns import find_column, read_dates, read_names, read_numbers, read_table
from .errors import TrainingInputInvalid
from .frequency import MONTHS, WEEKDAYS, frequency_of
from .node_names import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

    Vector = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]
    Booleans = npt.NDArray[np.bool_]

logger = logging.getLogger(__name__)

Gaps = Literal["refuse", "interpolate", "zero"]
"""What becomes of a date that is missing between two others, or whose value cell is empty."""

LEAST_ROWS = 4
MAX_SERIES = 10_000
ID_COLUMN, DATE_COLUMN, VALUE_COLUMN = "unique_id", "ds", "y"
MISSING_VALUES = ("", "nan", "na", "n/a", "null", "none")


@dataclass(frozen=True)
class Series:
    """A series without gaps: dates and values (n,), pandas' name of its frequency, and the file's SHA-256.

    `filled` are the dates whose value isn't the file's but interpolated, or zero.
    """

    moments: tuple[datetime, ...]
    values: Vector
    frequency: str
    sha256: str
    filled: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Panel:
    """Many series of one frequency, `series[k]` named `ids[k]`; each begins and ends at its own date."""

    ids: tuple[str, ...]
    series: tuple[Series, ...]
    frequency: str
    sha256: str


@dataclass(frozen=True)
class _Rows:
    """Rows of a long table, (n,) each; `codes` are places in `ids`, `lines` those of the file."""

    ids: tuple[str, ...]
    codes: Integers
    dates: npt.NDArray[np.datetime64]
    values: Vector
    empty: Booleans
    lines: Integers

    def only(self, chosen: npt.NDArray[Any]) -> _Rows:
        """The rows of a mask, or in an order."""
        columns = (self.codes, self.dates, self.values, self.empty, self.lines)
        return _Rows(self.ids, *(column[chosen] for column in columns))

    def refuse(self, wrong: Booleans, problem: str) -> None:
        """Name the first wrong row as a person finds it."""
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            where = f"{_named(self.ids[self.codes[row]])}row {self.lines[row]}"
            raise TrainingInputInvalid("input", f"{where}: {problem} ({int(wrong.sum())} such rows).")


def read_series(
    path: Path,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    date_column: str | None = None,
    value_column: str | None = None,
    gaps: Gaps = "refuse",
) -> Series:
    """Read the rows from `start` to `end` (both included; all when None), in order of date.

    The columns are found when they are not named: the only one of dates, the only other one of numbers.
    `gaps` says what becomes of dates that are missing inside, or have an empty value cell: refused, filled on
    a straight line between their neighbours, or by zero. Raises TrainingInputInvalid, naming the row of the
    file, for cells that are no date (ISO: 2013-07-31) or number, repeated dates, gaps that are refused or
    would make up more than half of a series, and for a file from which no column can be told.
    """
    content, table = read_table(path)
    dates = find_column(table, date_column, "date column", read_dates)
    values = find_column(table.drop(columns=[dates]), value_column, "value column", read_numbers)
    logger.info("Reading %s: dates from %s, values from %s", path.name, dates, values)
    rows = _rows(table, ("",), np.zeros(len(table), dtype=np.int64), dates, values)
    return _panel(_checked(rows, start, end, gaps), gaps, content).series[0]


def read_panel(
    path: Path,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    id_columns: Sequence[str] = (),
    date_column: str | None = None,
    value_column: str | None = None,
    gaps: Gaps = "refuse",
) -> Panel:
    """Read a long table, each row one series' value at one date; the series in the file's order.

    Columns that are not named are unique_id, ds and y, else those that can be told: the only one of neither
    dates nor numbers names the series. Several id columns name it together, with / between them. Otherwise as
    `read_series`, each message with the series' name; at most 10,000 series.
    """
    content, table = read_table(path)
    names, rest = _named_by(table, id_columns)
    dates = find_column(rest, date_column, "date column", read_dates, DATE_COLUMN)
    values = find_column(rest.drop(columns=[dates]), value_column, "value column", read_numbers, VALUE_COLUMN)
    logger.info(
        "Reading %s: series from %s, dates from %s, values from %s", path.name, names.name, dates, values
    )
    codes, ids = pd.factorize(names)
    if len(ids) > MAX_SERIES:
        raise TrainingInputInvalid("input", f"there are {len(ids)} series, at most {MAX_SERIES} are taken.")
    rows = _rows(table, tuple(map(str, ids)), codes.astype(np.int64), dates, values)
    rows.refuse((names == "").to_numpy(dtype=bool), "the series has no name")
    return _panel(_checked(rows, start, end, gaps), gaps, content)


def _named_by(table: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.Series[str], pd.DataFrame]:
    """The series' name a row, and the columns that are left."""
    if len(columns) < 2:
        column = find_column(table, columns[0] if columns else None, "id column", read_names, ID_COLUMN)
        return table[column].str.strip(), table.drop(columns=[column])
    for column in columns:
        find_column(table, column, "id column", read_names)
    parts = [table[column].str.strip().str.replace(SEPARATOR, "-") for column in columns]
    names = parts[0]
    for part in parts[1:]:
        names = names + SEPARATOR + part
    return names.rename(", ".join(columns)), table.drop(columns=list(columns))


def _rows(table: pd.DataFrame, ids: tuple[str, ...], codes: Integers, dates: str, values: str) -> _Rows:
    return _Rows(
        ids=ids,
        codes=codes,
        dates=read_dates(table[dates]).to_numpy(),
        values=np.asarray(read_numbers(table[values]), dtype=np.float64),
        empty=table[values].str.strip().str.lower().isin(MISSING_VALUES).to_numpy(dtype=bool),
        lines=table.index.to_numpy(dtype=np.int64),
    )


def _checked(rows: _Rows, start: datetime | None, end: datetime | None, gaps: Gaps) -> _Rows:
    """The rows of the span that have a value, in order of series and date."""
    rows.refuse(np.isnat(rows.dates), "the date is not one like 2013-07-31")
    chosen = np.ones(rows.dates.size, dtype=bool)
    if start is not None:
        chosen &= rows.dates >= np.datetime64(start)
    if end is not None:
        chosen &= rows.dates <= np.datetime64(end)
    rows = rows.only(chosen)
    rows = rows.only(np.lexsort((rows.dates, rows.codes)))
    _refuse_short(rows)
    rows.refuse(
        np.isnan(rows.values) & (~rows.empty | (gaps == "refuse")), "the value is missing, NaN or infinite"
    )
    again = (rows.codes[1:] == rows.codes[:-1]) & (rows.dates[1:] == rows.dates[:-1])
    rows.refuse(np.append(False, again), "the date is there twice")
    rows = rows.only(~rows.empty)
    _refuse_short(rows)
    return rows


def _refuse_short(rows: _Rows) -> None:
    counts = np.bincount(rows.codes, minlength=len(rows.ids))
    short = np.flatnonzero(counts < LEAST_ROWS)
    if short.size:
        name, others = _named(rows.ids[short[0]]), f" ({short.size} such series)" if len(rows.ids) > 1 else ""
        raise TrainingInputInvalid(
            "input", f"{name}{counts[short[0]]} rows are left between start and end: too few{others}."
        )


def _panel(rows: _Rows, gaps: Gaps, content: bytes) -> Panel:
    """The series on their calendar, their gaps filled as `gaps` says."""
    unique, codes = np.unique(rows.dates, return_inverse=True)
    frequency, unique_places = _frequency(unique.tolist(), codes, rows, refuse=gaps == "refuse")
    calendar, places = frequency_of(frequency), unique_places[codes]
    sha256 = hashlib.sha256(content).hexdigest()
    ends = np.flatnonzero(np.append(np.diff(rows.codes) > 0, True)) + 1
    earliest = int(unique_places[0])
    moments = [calendar.moment(place) for place in range(earliest, int(unique_places[-1]) + 1)]
    series = []
    for name, start, end in zip(rows.ids, np.append(0, ends[:-1]), ends, strict=True):
        at = places[start:end] - places[start]
        own = moments[places[start] - earliest :][: int(at[-1]) + 1]
        values, missing = _filled(name, at, rows.values[start:end], gaps)
        filled = tuple(own[place] for place in missing)
        series.append(Series(tuple(own), values, frequency, sha256, filled))
    return Panel(rows.ids, tuple(series), frequency, sha256)


def _filled(name: str, at: Integers, known: Vector, gaps: Gaps) -> tuple[Vector, list[int]]:
    """The values at every place from the first to the last, and the places that had none."""
    count = int(at[-1]) + 1
    if count == at.size:
        return known, []
    missing = np.ones(count, dtype=bool)
    missing[at] = False
    if gaps == "interpolate":
        if count > 2 * at.size:
            raise TrainingInputInvalid(
                "input",
                f"{_named(name)}{count - at.size} of {count} values are missing: too many to interpolate.",
            )
        return np.interp(np.arange(count), at, known), np.flatnonzero(missing).tolist()
    values = np.zeros(count)
    values[at] = known
    return values, np.flatnonzero(missing).tolist()


def _frequency(
    dates: list[datetime], codes: npt.NDArray[Any], rows: _Rows, *, refuse: bool
) -> tuple[str, Integers]:
    """The finest frequency that the dates fill without a gap, else with the fewest, and each date's place."""
    nearest: tuple[int, str, Integers] | None = None
    same = rows.codes[1:] == rows.codes[:-1]
    for name in _candidates(dates[0]):
        calendar = frequency_of(name)
        try:
            places = np.array([calendar.place(moment) for moment in dates], dtype=np.int64)
        except ValueError:
            continue
        missing = int((np.diff(places[codes])[same] - 1).sum())
        if nearest is None or missing < nearest[0]:
            nearest = missing, name, places
        if not missing:
            break
    if nearest is None:
        raise TrainingInputInvalid("input", "the dates are on no known frequency (h, D, B, W, M, Q, Y).")
    missing, name, places = nearest
    if missing and refuse:
        calendar = frequency_of(name)
        row = int(np.flatnonzero(same & (np.diff(places[codes]) > 1))[0])
        label = calendar.label(calendar.moment(int(places[codes[row]]) + 1))
        raise TrainingInputInvalid(
            "input",
            f"{_named(rows.ids[rows.codes[row]])}{label} is missing, at frequency {name} ({missing} such): "
            "fill the gaps first.",
        )
    return name, places


def _candidates(first: datetime) -> tuple[str, ...]:
    weekday, month = WEEKDAYS[first.weekday()], MONTHS[first.month - 1]
    return (
        *("h", "D", "B", f"W-{weekday}", "MS", "ME"),
        *(f"{period}-{month}" for period in ("QS", "QE", "YS", "YE")),
    )


def _named(series: str) -> str:
    """How a message begins; a series that is alone has no name."""
    return f"series {series}, " if series else ""
