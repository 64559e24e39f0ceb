"""The columns of a CSV that somebody brings: which is which, and what its cells read as."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .errors import TrainingInputInvalid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read_table(path: Path) -> tuple[bytes, pd.DataFrame]:
    """The file, and its cells as text, indexed by row as a person counts them: the header is row 1.

    Raises TrainingInputInvalid for a file that can't be read as a CSV in UTF-8.
    """
    try:
        content = path.read_bytes()
        table = pd.read_csv(BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise TrainingInputInvalid("input", f"{path} can't be read as a CSV: {error}") from error
    table.index = pd.RangeIndex(2, len(table) + 2)
    return content, table


def has_column(path: Path, name: str) -> bool:
    """Whether the header has a column of that name; false for a file that can't be read."""
    try:
        return name in pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns
    except (OSError, ValueError):
        return False


def find_column(
    table: pd.DataFrame,
    name: str | None,
    option: str,
    read: Callable[[pd.Series[str]], pd.Series[Any]],
    usual: str | None = None,
) -> str:
    """The named column, else the one of the usual name, else the only one that `read` reads in most rows.

    Raises TrainingInputInvalid, with `option` as its field, when there is no such column or none can be told.
    """
    if name is not None and name not in table.columns:
        raise TrainingInputInvalid(option, f"there is no {name!r}, only {', '.join(table.columns)}.")
    if name is not None or usual in table.columns:
        return str(name if name is not None else usual)
    readable = [column for column in table.columns if read(table[column]).notna().sum() * 2 > len(table)]
    if len(readable) != 1:
        found = ", ".join(readable) or "none"
        raise TrainingInputInvalid(option, f"name it, since it can't be told; candidates: {found}.")
    return str(readable[0])


def read_dates(cells: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """The cells as dates without a zone, NaT where they are none."""
    codes, texts = pd.factorize(cells)  # a long table has the same dates again with each series
    unique = pd.Series(texts, dtype=str)
    # Only the ISO order of year, month, day: any other is read differently on two sides of an ocean.
    iso = unique.where(unique.str.match(r"\d{4}-\d{2}-\d{2}"))
    dates = pd.to_datetime(iso, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    return pd.Series(dates.dt.as_unit("us").to_numpy()[codes], index=cells.index)


def read_numbers(cells: pd.Series[str]) -> pd.Series[float]:
    """The cells as finite numbers, NaN where they are none."""
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def read_names(cells: pd.Series[str]) -> pd.Series[str]:
    """The cells that are neither dates nor numbers, missing where they are."""
    return cells.where(read_dates(cells).isna() & read_numbers(cells).isna() & (cells.str.strip() != ""))
