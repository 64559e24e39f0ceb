"""Where actuals come from: the configured file, a database, and the CSV files that somebody brought."""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import pandas as pd

from backend.actuals_table import LEAST_ROWS, read_table
from backend.actuals_table import Actuals as Actuals
from backend.actuals_table import Problem as Problem
from backend.actuals_table import ProblemCode as ProblemCode
from backend.errors import InvalidActuals
from backend.settings import PROJECT_ROOT
from backend.sql_actuals import SqlSource

if TYPE_CHECKING:
    from backend.settings import Settings
    from scoring.finding import Finding as Finding

CSV_BYTES = 50_000_000
# What ships with the product: a daily series, and beside it sales by country and category.
BUNDLED = PROJECT_ROOT / "data" / "adventureworks_daily.csv"
BUNDLED_SALES = PROJECT_ROOT / "data" / "adventureworks_sales_daily.csv"


class ActualsSource(Protocol):
    """Actuals that can be chosen by their name."""

    @property
    def name(self) -> str:
        """The name of the series."""

    def version(self) -> str:
        """What changes when there may be other rows, so that what was read may be kept by it."""

    def table(self) -> pd.DataFrame:
        """The cells as they are now, all texts; raises InvalidActuals."""

    def read(self, *, date_column: str | None = None, value_column: str | None = None) -> Actuals:
        """The series as it is now; raises InvalidActuals."""


@dataclass(frozen=True)
class FileSource:
    """A CSV file of actuals."""

    name: str
    path: Path

    def version(self) -> str:
        """The file, and when it was written; a file that is gone has a version too, and can't be read."""
        try:
            written = self.path.stat().st_mtime_ns
        except OSError:
            written = 0
        return f"{self.path}:{written}"

    def table(self) -> pd.DataFrame:
        """The cells of the file; raises InvalidActuals."""
        return read_csv(self.path)

    def read(self, *, date_column: str | None = None, value_column: str | None = None) -> Actuals:
        """The series in the file; raises InvalidActuals."""
        return read_actuals(self.path, self.name, date_column=date_column, value_column=value_column)


def list_actuals(settings: Settings) -> list[ActualsSource]:
    """The database where one is configured, then the configured file, then the uploaded ones by name."""
    sources: list[ActualsSource] = [FileSource(settings.actuals.stem, settings.actuals)]
    if settings.actuals == BUNDLED and BUNDLED_SALES.is_file():
        sources.append(FileSource(BUNDLED_SALES.stem, BUNDLED_SALES))
    sources += [FileSource(path.stem, path) for path in sorted(_folder(settings).glob("*.csv"))]
    if not settings.actuals_url:
        return sources
    database = SqlSource(
        settings.actuals_name,
        settings.actuals_url,
        settings.actuals_query,
        settings.actuals_refresh_seconds,
    )
    # What a name stands for must be plain: a file of the database's name is not offered beside it.
    return [database, *(source for source in sources if source.name != database.name)]


def save_actuals(settings: Settings, name: str, content: bytes) -> FileSource:
    """Keep an uploaded CSV; it must be readable, and an older one of the same name is replaced."""
    stem = re.sub(r"[^\w.-]+", "-", Path(name).stem).strip("-.") or "actuals"
    if settings.actuals_url and stem == settings.actuals_name:
        stem += "-file"  # beside the database of that name it would never be offered
    read_actuals(BytesIO(content), stem)
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{stem}.partial"
    partial.write_bytes(content)
    partial.replace(folder / f"{stem}.csv")
    return FileSource(stem, folder / f"{stem}.csv")


def read_actuals(
    source: Path | BinaryIO, name: str, *, date_column: str | None = None, value_column: str | None = None
) -> Actuals:
    """Read a CSV as a series, as `backend.actuals_table.read_table` does; raises InvalidActuals."""
    return read_table(read_csv(source), name, date_column=date_column, value_column=value_column)


def read_csv(source: Path | BinaryIO) -> pd.DataFrame:
    """The cells of a CSV in UTF-8 as texts, at least two columns and rows; raises InvalidActuals."""
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


def _folder(settings: Settings) -> Path:
    return settings.state_dir / "actuals"
