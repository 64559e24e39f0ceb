"""A table of rows as a series that can be drawn and forecast: cleaned, placed on a calendar, what stands out
found; the same for a file and for a database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from backend.errors import InvalidActuals
from backend.series_calendar import SEASON, find_frequency, has_hours, place
from scoring.quality import inspect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from backend.series_calendar import Frequency
    from scoring.finding import Finding

ProblemCode = Literal["bad_date", "missing_value", "not_a_number", "duplicate", "unsorted", "gap", "off_grid"]

LEAST_ROWS = 2
PROBLEMS_LISTED = 200
DATE_NAMES = ("ds", "date", "day", "transactiondate", "orderdate", "timestamp", "time")
VALUE_NAMES = ("y", "paidamount", "value", "amount", "revenue", "sales", "quantity")
# A time of day with a zone after it.
ZONED = r"(:\d{2}(?:\.\d+)?)\s*(?:Z|UTC|[+-]\d{2}:?\d{2})$"


@dataclass(frozen=True)
class Problem:
    """One finding; `row` counts the file's lines from 1, the header being line 1."""

    code: ProblemCode
    row: int | None
    moment: datetime | None
    value: str = ""


@dataclass(frozen=True)
class Actuals:
    """A series that can be drawn and forecast.

    `frame` has `ds` (datetime64, ascending, one row a step) and `y` (float); `filled` lists the steps that
    were missing and are interpolated in `frame`. `calendar` is pandas' name of the frequency with its anchor
    (W-FRI, ME); `findings` is what stands out in the values.
    """

    name: str
    frame: pd.DataFrame
    frequency: Frequency
    date_column: str
    value_column: str
    columns: tuple[str, ...]
    problems: tuple[Problem, ...]
    filled: tuple[datetime, ...]
    calendar: str
    findings: tuple[Finding, ...] = ()

    @cached_property
    def origin(self) -> datetime:
        """The last step with an actual; a whole day is at midnight."""
        last: datetime = self.frame["ds"].iloc[-1].to_pydatetime()
        return last

    @property
    def season(self) -> int:
        """Steps in a season."""
        return SEASON[self.frequency]

    def history(self, end: datetime | None = None) -> list[dict[str, Any]]:
        """The rows up to and with `end`, as the scoring contract wants them."""
        frame = self.frame if end is None else self.frame[self.frame["ds"] <= pd.Timestamp(end)]
        steps = frame["ds"].dt.strftime("%Y-%m-%dT%H:%M:%S" if has_hours(self.frequency) else "%Y-%m-%d")
        return [{"ds": ds, "y": y} for ds, y in zip(steps, frame["y"].tolist(), strict=True)]


def read_table(
    table: pd.DataFrame, name: str, *, date_column: str | None = None, value_column: str | None = None
) -> Actuals:
    """A table whose cells are all texts as a series.

    The date and value columns are found by name and content, or given. Duplicated days keep their last row,
    unreadable rows are left out, missing steps are interpolated linearly and listed in `filled`; each is in
    `problems`. InvalidActuals when no series can be made of it.
    """
    dates, values = find_columns(table, date_column, value_column)
    problems: list[Problem] = []
    rows = dated_rows(table[dates], table[values], problems)
    frequency = find_frequency(pd.DatetimeIndex(rows["moment"].drop_duplicates().sort_values()))
    calendar, rows = _on_calendar(rows, frequency, problems)
    series = pd.Series(rows["value"].to_numpy(), index=rows["step"])
    series = series[~series.index.duplicated(keep="last")]
    grid = pd.date_range(series.index[0], series.index[-1], freq=calendar)
    filled = tuple(grid[~grid.isin(series.index)].to_pydatetime())
    problems.extend(Problem("gap", None, moment) for moment in filled[:PROBLEMS_LISTED])
    complete = series.reindex(grid).interpolate(method="linear")
    return Actuals(
        name=name,
        frame=pd.DataFrame({"ds": grid, "y": complete.to_numpy(dtype=float)}),
        frequency=frequency,
        date_column=dates,
        value_column=values,
        columns=tuple(str(column) for column in table.columns),
        problems=tuple(sorted(problems, key=lambda found: found.row or len(table) + 2)[:PROBLEMS_LISTED]),
        filled=filled,
        calendar=calendar,
        findings=inspect(
            pd.DatetimeIndex(rows["step"]).to_pydatetime().tolist(),
            rows["value"].tolist(),
            calendar,
            season=SEASON[frequency],
            filled=filled,
        ),
    )


def find_columns(table: pd.DataFrame, dates: str | None, values: str | None) -> tuple[str, str]:
    """The date and the value column of a table of texts, by name and content unless given.

    Raises InvalidActuals where there is none.
    """
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
    return bool(to_dates(column).notna().mean() > 0.5)


def _reads_as_numbers(column: pd.Series[str]) -> bool:
    return bool(pd.to_numeric(column, errors="coerce").notna().mean() > 0.5)


def to_dates(column: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Cells as dates without a zone: days by the local clock, hours in UTC, where none comes twice.

    NaT stands for what reads as no date.
    """
    texts = column.str.strip()
    if not texts.str.contains(ZONED.replace("(:", "(?::")).any():
        return pd.to_datetime(texts, errors="coerce", format="mixed")
    by_clock = pd.to_datetime(texts.str.replace(ZONED, r"\1", regex=True), errors="coerce", format="mixed")
    if by_clock.dt.time.nunique() <= 1:
        return by_clock
    return pd.to_datetime(texts, errors="coerce", format="mixed", utc=True).dt.tz_localize(None)


def dated_rows(dates: pd.Series[str], values: pd.Series[str], problems: list[Problem]) -> pd.DataFrame:
    """The rows with a date and a number, in the file's order: row (the header is line 1), moment, value."""
    moments = to_dates(dates)
    numbers = pd.to_numeric(values.str.strip(), errors="coerce").astype(float)
    numbers = numbers.where(np.isfinite(numbers))
    for position in np.flatnonzero(moments.isna())[:PROBLEMS_LISTED]:
        problems.append(Problem("bad_date", int(position) + 2, None, str(dates.iloc[position])))
    for position in np.flatnonzero(moments.notna() & numbers.isna())[:PROBLEMS_LISTED]:
        text = str(values.iloc[position])
        code: ProblemCode = "missing_value" if text.strip().lower() in ("", "nan") else "not_a_number"
        problems.append(Problem(code, int(position) + 2, moments.iloc[position].to_pydatetime(), text))
    rows = pd.DataFrame({"row": np.arange(2, len(dates) + 2), "moment": moments, "value": numbers})
    rows = rows.dropna(ignore_index=True)
    if rows["moment"].nunique() < LEAST_ROWS:
        raise InvalidActuals(
            f"Only {len(rows)} rows have both a date and a number; at least {LEAST_ROWS} are needed.",
            field="actuals",
            code="actuals.too_few",
            count=len(rows),
            bound=LEAST_ROWS,
        )
    return rows


def _on_calendar(
    rows: pd.DataFrame, frequency: Frequency, problems: list[Problem]
) -> tuple[str, pd.DataFrame]:
    """The calendar, and the rows that are on it by moment, with their `step`; a step's last row counts."""
    ordered = rows.sort_values("moment", kind="stable")
    calendar, steps = place(pd.DatetimeIndex(ordered["moment"]), frequency)
    ordered["step"] = steps
    in_file = ordered.sort_index()
    repeated = in_file["step"].notna() & in_file["step"].duplicated(keep="first")
    late = in_file["moment"] < in_file["moment"].cummax()
    between = in_file[in_file["step"].isna()]
    _report(problems, "off_grid", between.assign(step=between["moment"]))
    _report(problems, "duplicate", in_file[repeated])
    _report(problems, "unsorted", in_file[late & ~repeated])
    ordered = ordered.dropna(subset=["step"])
    if ordered["step"].nunique() < LEAST_ROWS:
        raise InvalidActuals(
            "The rows follow no regular step.",
            field="actuals",
            code="actuals.irregular",
            count=int(ordered["step"].nunique()),
        )
    return calendar, ordered


def _report(problems: list[Problem], code: ProblemCode, rows: pd.DataFrame) -> None:
    rows = rows.head(PROBLEMS_LISTED)
    steps = pd.DatetimeIndex(rows["step"]).to_pydatetime().tolist()
    for row, step, value in zip(rows["row"].tolist(), steps, rows["value"].tolist(), strict=True):
        problems.append(Problem(code, row, step, f"{value:g}"))
