"""A long table, a row a part and date, as a panel; any other table as the one series that it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from backend.actuals import read_csv
from backend.actuals_table import PROBLEMS_LISTED, Problem, dated_rows, find_columns, read_table, to_dates
from backend.errors import InvalidActuals
from backend.panel import LEAST_ROWS, Panel
from backend.series_calendar import find_frequency, place
from scoring.node_names import SEPARATOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import BinaryIO

    from backend.actuals_table import Actuals

ID_COLUMN = "unique_id"
MOST_PARTS = 10_000
"""Parts of a table, at most (scoring/series.py)."""
REPEATED = 0.3  # share of rows whose date was there before, from which a table may be a long one
NAMES = 0.9  # share of a column's cells that must be names rather than dates or numbers
TOLD = 0.95  # share of rows that date and name together must tell from every other


def read_any(
    table: pd.DataFrame, name: str, *, date_column: str | None = None, value_column: str | None = None
) -> Actuals | Panel:
    """A table of texts as a panel where it is a long one, else as a series; raises InvalidActuals."""
    ids = find_id_columns(table, date_column, value_column)
    if ids:
        return read_panel(table, name, ids, date_column=date_column, value_column=value_column)
    return read_table(table, name, date_column=date_column, value_column=value_column)


def read_file(
    source: Path | BinaryIO, name: str, *, date_column: str | None = None, value_column: str | None = None
) -> Actuals | Panel:
    """A CSV as `read_any` reads its cells; raises InvalidActuals."""
    return read_any(read_csv(source), name, date_column=date_column, value_column=value_column)


def find_id_columns(
    table: pd.DataFrame, date_column: str | None = None, value_column: str | None = None
) -> tuple[str, ...]:
    """The columns that name a table's parts, in its order; empty for a table of one series.

    They are the column unique_id, or every column of names of which each comes again and again, and that
    together with the date tell the rows from one another.
    """
    dates, values = find_columns(table, date_column, value_column)
    moments = table[dates].str.strip()
    if moments.duplicated().mean() < REPEATED:
        return ()
    rest = [str(column) for column in table.columns if column not in (dates, values)]
    chosen = [ID_COLUMN] if ID_COLUMN in rest else [column for column in rest if _names_parts(table[column])]
    if not chosen:
        return ()
    told = ~pd.concat([moments, table[chosen]], axis=1).duplicated()
    parts = len(table[chosen].drop_duplicates())
    return tuple(chosen) if parts > 1 and told.mean() >= TOLD else ()


def read_panel(
    table: pd.DataFrame,
    name: str,
    id_columns: Sequence[str],
    *,
    date_column: str | None = None,
    value_column: str | None = None,
) -> Panel:
    """A table of texts as a panel.

    A part's last row of a step counts; a step without one is zero from its first row on: nothing was sold.
    Raises InvalidActuals when no panel can be made of it.
    """
    dates, values = find_columns(table, date_column, value_column)
    problems: list[Problem] = []
    rows = dated_rows(table[dates], table[values], problems)
    rows["part"] = _part_names(table, id_columns).to_numpy()[rows["row"].to_numpy() - 2]
    frequency = find_frequency(pd.DatetimeIndex(rows["moment"].drop_duplicates().sort_values()))
    rows = rows.sort_values("moment", kind="stable")
    calendar, steps = place(pd.DatetimeIndex(rows["moment"]), frequency)
    rows["step"] = steps
    rows = rows[rows["step"].notna() & (rows["part"] != "")].sort_values("row")
    again = rows.duplicated(["step", "part"], keep="first")
    problems += _repeated(rows[again])
    rows = rows.drop_duplicates(["step", "part"], keep="last")
    codes, found = pd.factorize(rows["part"])
    parts = tuple(map(str, found))
    if not 1 < len(parts) <= MOST_PARTS or rows["step"].nunique() < LEAST_ROWS:
        raise InvalidActuals(
            f"The table has {len(parts)} parts over {rows['step'].nunique()} steps; 2 to {MOST_PARTS} parts "
            f"and at least {LEAST_ROWS} steps are taken.",
            field="actuals",
            code="actuals.panel_size",
            parts=len(parts),
            steps=int(rows["step"].nunique()),
            most=MOST_PARTS,
            least=LEAST_ROWS,
        )
    grid = pd.date_range(rows["step"].min(), rows["step"].max(), freq=calendar)
    places = grid.get_indexer(pd.DatetimeIndex(rows["step"]))
    filled = np.zeros((len(parts), len(grid)))
    filled[codes, places] = rows["value"].to_numpy(dtype=float)
    begins = np.full(len(parts), len(grid))
    np.minimum.at(begins, codes, places)
    return Panel(
        name=name,
        parts=parts,
        steps=grid,
        values=filled,
        begins=tuple(begins.tolist()),
        parts_columns=_pieces(id_columns, parts),
        frequency=frequency,
        calendar=calendar,
        date_column=dates,
        value_column=values,
        columns=tuple(str(column) for column in table.columns),
        rows=len(rows),
        problems=tuple(sorted(problems, key=lambda found: found.row or len(table) + 2)[:PROBLEMS_LISTED]),
    )


def _names_parts(column: pd.Series[str]) -> bool:
    """Whether the cells are names, of which there are several and each comes again."""
    texts = column.str.strip()
    unique = texts.drop_duplicates()
    if len(unique) < 2 or len(unique) * LEAST_ROWS > len(texts):
        return False
    told = (unique == "") | pd.to_numeric(unique, errors="coerce").notna() | to_dates(unique).notna()
    return bool(1 - told.mean() >= NAMES)


def _part_names(table: pd.DataFrame, id_columns: Sequence[str]) -> pd.Series[str]:
    """The parts' names a row, as the training command makes them of several columns; empty where one is."""
    if len(id_columns) == 1:
        return table[id_columns[0]].str.strip()
    pieces = [table[column].str.strip().str.replace(SEPARATOR, "-") for column in id_columns]
    names, named = pieces[0], pieces[0] != ""
    for piece in pieces[1:]:
        names, named = names + SEPARATOR + piece, named & (piece != "")
    return names.where(named, "")


def _pieces(id_columns: Sequence[str], parts: Sequence[str]) -> tuple[str, ...]:
    """What the pieces of a part's name are called; numbered where one column holds several."""
    depths = {name.count(SEPARATOR) + 1 for name in parts}
    if len(id_columns) > 1 or depths == {1} or len(depths) > 1:
        return tuple(id_columns)
    return tuple(f"{id_columns[0]} {number}" for number in range(1, depths.pop() + 1))


def _repeated(rows: pd.DataFrame) -> list[Problem]:
    """A problem for each row that a later one of the same part and step takes the place of."""
    shown = rows.head(PROBLEMS_LISTED)
    steps = pd.DatetimeIndex(shown["step"]).to_pydatetime().tolist()
    told = zip(shown["row"].tolist(), steps, shown["value"].tolist(), strict=True)
    return [Problem("duplicate", row, step, f"{value:g}") for row, step, value in told]
