"""A board as a CSV and as an Excel workbook: what is on the screen, as dates and numbers; pure."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from backend.accuracy import LEVELS, LIMITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from dashboard.board import Board, Sentence
    from dashboard.i18n import Reader

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\n")  # what spreadsheets take for the start of a formula
A4 = 9  # Excel's number of the paper
NARROWEST, WIDEST = 10, 90  # characters a column
# A figure as dashboard.i18n.Reader writes it: sign, currency, digits with commas, percent.
FIGURE = re.compile(r"([+−-]?)(\$?)(\d[\d,]*)(?:\.(\d+))?\s*(%?)")


def csv_text(board: Board) -> str:
    """The figures behind a board, a row a step; dates as ISO 8601, with hours only where there are any.

    Columns: ds, y, interpolated, origin, mean, lower_80 .. upper_95. It can be read as actuals again.
    """
    table = board.figures
    texts = table.select_dtypes(include=["object", "string"]).columns
    safe = table.assign(**{column: table[column].map(_as_text) for column in texts})
    return safe.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S" if _has_hours(table) else "%Y-%m-%d")


def workbook(reader: Reader, board: Board) -> bytes:
    """An .xlsx of the forecast, the actuals with what had been said, the accuracy and the sentences."""
    import xlsxwriter

    stream = BytesIO()
    # Whatever a text begins with, it is written as a text.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": board.title, "subject": board.name})
        styles = _Styles(book, reader, board)
        ahead = board.figures["y"].isna()
        plan = dict(zip(board.lines.plan["ds"], board.lines.plan["y"], strict=True))
        _write_forecast(_sheet(book, reader, "forecast"), styles, board.figures[ahead], plan)
        _write_past(_sheet(book, reader, "past"), styles, board.figures[~ahead], plan)
        _write_accuracy(_sheet(book, reader, "accuracy"), styles, board.accuracy)
        _write_notes(_sheet(book, reader, "notes"), styles, board)
    return stream.getvalue()


class _Styles:
    """The formats of one workbook, and the words of its headers."""

    def __init__(self, book: Workbook, reader: Reader, board: Board) -> None:
        self.reader = reader
        self._book = book
        self._known: dict[str, Format] = {}
        self.header = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})
        hours = "_hours" if _has_hours(board.figures) else ""
        self.date = self.number(reader.t(f"spreadsheet.date{hours}_format"))
        found = re.fullmatch(r"(\$?),\.(\d)f", board.words.value_format)
        currency, digits = found.groups() if found else ("", "2")
        self.value = self.number(_number_format(currency, int(digits)))

    def number(self, code: str) -> Format:
        """Excel's format of a number's or date's code; one object a code."""
        if code not in self._known:
            self._known[code] = self._book.add_format({"num_format": code, "valign": "top"})
        return self._known[code]

    def headers(self, names: Iterable[str]) -> list[str]:
        """The headers in the reader's language."""
        return [self.reader.t(f"spreadsheet.column.{name}") for name in names]

    def limits(self) -> list[str]:
        """The headers of the limits, from the narrow band's lower one to the wide band's upper one."""
        return [
            self.reader.t(f"spreadsheet.column.{side}", level=self.reader.percent(level / 100))
            for level in LEVELS
            for side in ("lower", "upper")
        ]


def _sheet(book: Workbook, reader: Reader, name: str) -> Worksheet:
    sheet = book.add_worksheet(reader.t(f"spreadsheet.sheet.{name}"))
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    return sheet


def _write_forecast(
    sheet: Worksheet, styles: _Styles, ahead: pd.DataFrame, plan: Mapping[pd.Timestamp, float]
) -> None:
    rows = [
        [
            row.ds,
            styles.reader.t(f"weekday.{row.ds.weekday()}"),
            row.mean,
            *_limits_of(row),
            *([plan.get(row.ds)] if plan else []),
        ]
        for row in _rows(ahead)
    ]
    planned = styles.headers(("plan",)) if plan else []
    headers = [*styles.headers(("date", "weekday", "forecast")), *styles.limits(), *planned]
    _write_table(sheet, styles, headers, rows)


def _write_past(
    sheet: Worksheet, styles: _Styles, past: pd.DataFrame, plan: Mapping[pd.Timestamp, float]
) -> None:
    remark = styles.reader.t("spreadsheet.interpolated")
    rows = [
        [
            row.ds,
            row.y,
            row.mean,
            row.mean - row.y,
            *_limits_of(row),
            *([plan.get(row.ds)] if plan else []),
            row.origin,
            remark if row.interpolated else "",
        ]
        for row in _rows(past)
    ]
    names = ("date", "actual", "said", "off")
    last = ("plan", "origin", "remark") if plan else ("origin", "remark")
    headers = [*styles.headers(names), *styles.limits(), *styles.headers(last)]
    _write_table(sheet, styles, headers, rows)


def _write_accuracy(sheet: Worksheet, styles: _Styles, accuracy: pd.DataFrame) -> None:
    if accuracy.empty:
        sheet.write_string(0, 0, styles.reader.t("accuracy.none"))
        sheet.set_column(0, 0, WIDEST)
        return
    rows = [[row[0], *(_figure(styles, str(cell)) for cell in row[1:])] for row in accuracy.to_numpy()]
    _write_table(sheet, styles, [str(column) for column in accuracy.columns], rows)


def _write_notes(sheet: Worksheet, styles: _Styles, board: Board) -> None:
    """Every sentence of the board under its topic, and what to do about it beside."""
    t = styles.reader.t
    rows: list[list[object]] = [
        [t("spreadsheet.topic.message"), text, ""] for text in (board.title, board.lead, board.byline) if text
    ]
    rows += [[tile.label, " · ".join(filter(None, (tile.value, tile.remark))), ""] for tile in board.tiles]
    parts: tuple[tuple[str, Sequence[Sentence]], ...] = (
        ("signals", board.signals),
        ("calibration", board.calibration),
        ("misses", board.misses),
        ("notes", board.notes),
    )
    for topic, sentences in parts:
        rows += [[t(f"spreadsheet.topic.{topic}"), one.text, one.advice] for one in sentences]
    _write_table(sheet, styles, styles.headers(("topic", "text", "advice")), rows)


def _write_table(
    sheet: Worksheet, styles: _Styles, headers: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """A header that stays in sight, and a cell a value; unknown values leave their cell empty."""
    widths = [_width(header) for header in headers]
    for column, header in enumerate(headers):
        sheet.write_string(0, column, header, styles.header)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            widths[column] = max(widths[column], _write_cell(sheet, styles, number, column, value))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, NARROWEST), WIDEST))
    sheet.freeze_panes(1, 1)


def _write_cell(sheet: Worksheet, styles: _Styles, row: int, column: int, value: Any) -> int:
    """Write one cell; how many characters wide it wants to be."""
    if isinstance(value, str):
        if value:
            sheet.write_string(row, column, value, styles.text)
        return _width(value)
    if isinstance(value, tuple):
        number, code = value
        sheet.write_number(row, column, number, styles.number(code))
        return NARROWEST
    if pd.isna(value):
        return 0
    if isinstance(value, pd.Timestamp):
        sheet.write_datetime(row, column, value.to_pydatetime(), styles.date)
        return len(styles.reader.date(value)) + 4
    sheet.write_number(row, column, float(value), styles.value)
    return NARROWEST


def _figure(styles: _Styles, text: str) -> str | tuple[float, str]:
    """A figure in words as the number that it is, with Excel's format for it; another text as it is."""
    found = FIGURE.fullmatch(text.strip())
    if found is None:
        return text
    sign, currency, whole, decimals, percent = found.groups()
    number = float(f"{whole.replace(',', '')}.{decimals or 0}") * (-1 if sign in ("−", "-") and sign else 1)
    digits = len(decimals or "")
    if percent:
        return number / 100, f"0{'.' + '0' * digits if digits else ''}%"
    return number, _number_format(currency, digits)


def _number_format(currency: str, digits: int) -> str:
    sign = f'"{currency}"' if currency else ""
    return f"{sign}#,##0{'.' + '0' * digits if digits else ''}"


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of the figures; their columns are attributes."""
    return iter(table.itertuples(index=False))


def _limits_of(row: Any) -> list[float]:
    return [getattr(row, limit) for limit in LIMITS]


def _has_hours(table: pd.DataFrame) -> bool:
    return bool((table["ds"] != table["ds"].dt.normalize()).any())


def _as_text(cell: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    if not isinstance(cell, str):
        return cell
    # A lone carriage return would not be quoted, and begin a row for who reads the file.
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: Japanese letters are twice as wide as Latin ones."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
