"""Targets that people bring, beside the forecast: a CSV of dates and values, of a series or of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, delete, func, insert, or_, select

from backend.actuals import read_csv
from backend.actuals_table import find_columns, to_dates
from backend.errors import InvalidInput
from backend.forecast_types import written
from backend.history.schema import SERIES_LENGTH, plans
from backend.panel import TOTAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.history import History

MAX_ROWS = 200_000
WHOLE = ""  # the part that is the series itself


@dataclass(frozen=True)
class Plan:
    """Targets of a series by part, each a frame of `ds` (ascending, no date twice) and `y`.

    The part is empty for the series itself, else what the file's other columns say, joined as in
    `France/Bikes`.
    """

    series: str
    name: str
    parts: Mapping[str, pd.DataFrame]


def read_plan(content: bytes, series: str, name: str) -> Plan:
    """A CSV as a plan; InvalidInput names the first row that can't be read.

    Date and value columns are found as in a file of actuals; where dates come more than once, the columns of
    words beside them say of what part each row is.
    """
    table = read_csv(BytesIO(content))
    if len(table) > MAX_ROWS:
        raise InvalidInput(
            f"The plan has {len(table)} rows; at most {MAX_ROWS} are taken.",
            field="plan",
            code="plan.too_long",
            count=len(table),
            bound=MAX_ROWS,
        )
    dates, values = find_columns(table, None, None)
    moments = to_dates(table[dates])
    numbers = pd.to_numeric(table[values].str.strip(), errors="coerce").astype(float)
    _refuse(moments.isna(), table[dates], code="plan.bad_date", what="no date")
    _refuse(~pd.Series(np.isfinite(numbers)), table[values], code="plan.bad_number", what="no number")
    rows = pd.DataFrame({"part": _parts(table, dates, values, moments), "ds": moments, "y": numbers})
    repeated = rows.duplicated(["part", "ds"])
    _refuse(repeated, table[dates], code="plan.duplicate", what="a date that was there before")
    rows = rows.sort_values("ds", kind="stable")
    parts = {
        str(part): group[["ds", "y"]].reset_index(drop=True)
        for part, group in rows.groupby("part", sort=True)
    }
    longest = max((stored_name(series, part) for part in parts), key=len)
    if len(longest) > SERIES_LENGTH:
        raise InvalidInput(
            f"The name {longest[:40]}… is longer than {SERIES_LENGTH} characters.",
            field="plan",
            code="plan.long_name",
            bound=SERIES_LENGTH,
        )
    return Plan(series, PurePath(name).name[:255], parts)


def save_plan(history: History, plan: Plan) -> None:
    """Keep a plan for all to see, in the place of what the series had."""
    now = datetime.now(UTC)
    rows = [
        {
            "series": stored_name(plan.series, part),
            "uploaded": now,
            "name": plan.name,
            "points": [
                [written(ds), y]
                for ds, y in zip(frame["ds"].dt.to_pydatetime(), frame["y"].tolist(), strict=True)
            ],
        }
        for part, frame in plan.parts.items()
    ]
    with history.engine.begin() as connection:
        connection.execute(delete(plans).where(_of(plan.series)))
        if rows:
            connection.execute(insert(plans), rows)


def drop_plan(history: History, series: str) -> None:
    """Forget the plan of a series and of its parts; fine where there is none."""
    with history.engine.begin() as connection:
        connection.execute(delete(plans).where(_of(series)))


def planned_part(node: str) -> str:
    """The part of a plan that is about a node of a panel: the total's is the whole's."""
    return WHOLE if node == TOTAL else node


def plan_with_parts(history: History, series: str) -> Plan | None:
    """The plan of a series with all its parts; None where nobody brought one."""
    query = select(plans).where(_of(series)).order_by(plans.c.series)
    with history.engine.connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return None
    return Plan(series, rows[0].name, {row.series[len(series) + 1 :]: _frame(row.points) for row in rows})


def stored_name(series: str, part: str) -> str:
    """The name of a part as that of a series of its own: `sales/France/Bikes`."""
    return f"{series}/{part}" if part else series


def _of(series: str) -> ColumnElement[bool]:
    """A series and its parts; no wildcard, since names hold underscores."""
    prefix = f"{series}/"
    return or_(plans.c.series == series, func.substr(plans.c.series, 1, len(prefix)) == prefix)


def _frame(points: list[tuple[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(
        {"ds": pd.to_datetime([ds for ds, _ in points], format="ISO8601"), "y": [float(y) for _, y in points]}
    )


def _parts(table: pd.DataFrame, dates: str, values: str, moments: pd.Series[Any]) -> pd.Series[str]:
    """What part each row is of: empty where no date comes twice."""
    if not moments.duplicated().any():
        return pd.Series(WHOLE, index=table.index)
    found = pd.Series(WHOLE, index=table.index)
    for name in table.columns:
        words = table[name].str.strip()
        if name in (dates, values) or pd.to_numeric(words, errors="coerce").notna().any():
            continue
        _refuse(words == "", table[name], code="plan.no_part", what="no part")
        found = words if (found == WHOLE).all() else found + "/" + words
    return found


def _refuse(wrong: pd.Series[bool], cells: pd.Series[str], *, code: str, what: str) -> None:
    """InvalidInput for the first row that is wrong; the header is line 1."""
    if wrong.any():
        position = int(np.flatnonzero(wrong)[0])
        raise InvalidInput(
            f"Row {position + 2} of the plan has {what}: {cells.iloc[position]!r}.",
            field="plan",
            code=code,
            row=position + 2,
            value=str(cells.iloc[position])[:60],
        )
