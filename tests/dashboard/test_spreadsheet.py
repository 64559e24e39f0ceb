"""What is taken away as a table: read back, it is what was on the screen, and nothing in it is a formula."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import datetime
from io import BytesIO, StringIO

import openpyxl
import pandas as pd
import pytest
from openpyxl.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from dashboard.board import Board, Sentence
from dashboard.i18n import LANGUAGES, Language, open_reader
from dashboard.spreadsheet import csv_text, workbook
from tests.dashboard.board_examples import DAYS, HORIZON, board

SHEETS = {
    "en": ["Forecast", "Actuals and what we said", "Accuracy", "Notes"],
    "ja": ["予測", "実績と過去の予測", "精度", "メモ"],
}
EVIL = ('=HYPERLINK("http://example.com")', "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1")


def opened(language: Language, shown: Board) -> list[Worksheet]:
    """The workbook of a board as another program reads it, formulas as they stand."""
    book = openpyxl.load_workbook(BytesIO(workbook(open_reader(language), shown)))
    assert book.sheetnames == SHEETS[language]
    assert book.properties.title == shown.title
    return [book[name] for name in book.sheetnames]


def rows(sheet: Worksheet) -> list[list[object]]:
    return [list(row) for row in sheet.iter_rows(min_row=2, values_only=True)]


def cells(sheet: Worksheet) -> list[Cell]:
    return [cell for row in sheet.iter_rows() for cell in row if isinstance(cell, Cell)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_forecast_is_dates_and_numbers(language: Language) -> None:
    shown = board(language)
    sheet = opened(language, shown)[0]
    ahead = shown.figures.iloc[DAYS:]
    found = rows(sheet)
    assert [row[0] for row in found] == ahead["ds"].dt.to_pydatetime().tolist()
    columns = ["mean", "lower_80", "upper_80", "lower_95", "upper_95"]
    for row, expected in zip(found, ahead[columns].to_numpy().tolist(), strict=True):
        assert row[2:] == pytest.approx(expected)
    first = open_reader(language).t(f"weekday.{ahead['ds'].iloc[0].weekday()}")
    assert (found[0][1], sheet["C2"].number_format) == (first, '"$"#,##0')
    assert sheet["A2"].is_date
    assert ("年" in sheet["A2"].number_format) == (language == "ja")
    assert sheet.freeze_panes == "B2"
    share = open_reader(language).percent(0.8)
    assert sheet["D1"].value == {"en": f"{share} range, low", "ja": f"{share}区間の下限"}[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_actuals_stand_beside_what_we_said(language: Language) -> None:
    shown = board(language)
    filled = shown.figures["ds"].iloc[3]
    shown = replace(shown, figures=shown.figures.assign(interpolated=shown.figures["ds"] == filled))
    found = rows(opened(language, shown)[1])
    past = shown.figures.iloc[:DAYS]
    assert len(found) == DAYS
    assert [row[1] for row in found] == pytest.approx(past["y"].tolist())
    # What was never said is an empty cell, not a zero.
    assert found[0][2:9] == [None] * 7
    last = past.iloc[-1]
    assert found[-1][2:4] == pytest.approx([last["mean"], last["mean"] - last["y"]])
    assert found[-1][8] == last["origin"].to_pydatetime()
    remarks = [row[9] for row in found]
    assert [place for place, remark in enumerate(remarks) if remark] == [3]
    assert remarks[3] == {"en": "Missing, interpolated", "ja": "欠損（補間値）"}[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_accuracy_is_numbers_in_the_formats_of_the_page(language: Language) -> None:
    shown = board(language)
    sheet = opened(language, shown)[2]
    assert [cell.value for cell in sheet[1]] == shown.accuracy.columns.tolist()
    miss, share = str(shown.accuracy.iloc[0, 1]), str(shown.accuracy.iloc[0, 2])
    assert (f"${sheet['B2'].value}", sheet["B2"].number_format) == (miss, '"$"#,##0')
    assert sheet["C2"].value == pytest.approx(float(share.rstrip("% ")) / 100)
    assert sheet["C2"].number_format == "0%"


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("−$1,234.50", -1234.5, '"$"#,##0.00'),
        ("12.5 %", 0.125, "0.0%"),
        ("1,061", 1061, "#,##0"),
        ("–", "–", "General"),
        ("1 to 2", "1 to 2", "General"),
    ],
)
def test_a_figure_in_words_is_its_number(text: str, value: object, code: str) -> None:
    shown = board(accuracy=pd.DataFrame({"Ahead": ["1"], "Miss": [text]}))
    cell = opened("en", shown)[2]["B2"]
    assert (cell.value, cell.number_format) == (value, code)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_there(language: Language) -> None:
    shown = board(language)
    found = rows(opened(language, shown)[3])
    told = [row[1] for row in found]
    sentences = [*shown.signals, *shown.calibration, *shown.misses, *shown.notes]
    for text in (shown.title, shown.lead, shown.byline, *(one.text for one in sentences)):
        assert not text or text in told
    assert [row[2] for row in found if row[2]] == [one.advice for one in sentences if one.advice]
    assert {tile.label for tile in shown.tiles} <= {row[0] for row in found}


def test_no_text_becomes_a_formula_or_a_link() -> None:
    accuracy = pd.DataFrame({"=1+1": EVIL, "-1": EVIL})
    shown = board(notes=tuple(Sentence(text, text) for text in EVIL), title=EVIL[0], accuracy=accuracy)
    content = workbook(open_reader("en"), shown)
    with zipfile.ZipFile(BytesIO(content)) as parts:
        sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
        assert len([name for name in sheets if name.endswith(".xml")]) == len(SHEETS["en"])
        assert not any(b"<f>" in parts.read(name) or b"<hyperlink" in parts.read(name) for name in sheets)
    for sheet in opened("en", shown):
        assert not [cell.coordinate for cell in cells(sheet) if cell.data_type == "f"]
    assert shown.title in [row[1] for row in rows(opened("en", shown)[3])]


def test_no_text_of_the_csv_is_a_formula() -> None:
    shown = board()
    table = shown.figures.head(len(EVIL)).assign(remark=EVIL)
    found = pd.read_csv(StringIO(csv_text(replace(shown, figures=table))))
    assert found["remark"].str.startswith("'").all()
    # A number below zero stays a number.
    below = table.drop(columns="remark").assign(y=-1.5)
    assert pd.read_csv(StringIO(csv_text(replace(shown, figures=below))))["y"].eq(-1.5).all()


def test_the_csv_has_every_step_once() -> None:
    found = pd.read_csv(StringIO(csv_text(board())), parse_dates=["ds", "origin"])
    assert len(found) == DAYS + HORIZON
    assert found["ds"].is_unique
    assert found["y"].isna().sum() == HORIZON


@pytest.mark.parametrize("language", LANGUAGES)
def test_hours_are_written_where_there_are_some(language: Language) -> None:
    shown = board(language)
    hourly = shown.figures.assign(ds=pd.date_range("2014-05-01", periods=len(shown.figures), freq="h"))
    sheet = opened(language, replace(shown, figures=hourly))[1]
    assert sheet["A3"].value == datetime(2014, 5, 1, 1)
    assert sheet["A3"].number_format.endswith("hh:mm")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_has_its_column(language: Language) -> None:
    shown = board(language)
    step = shown.figures["ds"].iloc[DAYS]
    plan = pd.DataFrame({"ds": [step], "y": [1234.0]})
    forecast, past, *_ = opened(language, replace(shown, lines=replace(shown.lines, plan=plan)))
    name = open_reader(language).t("spreadsheet.column.plan")
    assert (forecast["H1"].value, forecast["H2"].value, forecast["H3"].value) == (name, 1234, None)
    assert past["I1"].value == name


def test_a_series_without_a_record_says_so() -> None:
    shown = board()
    young = replace(shown, accuracy=pd.DataFrame(), figures=shown.figures.iloc[:DAYS])
    forecast, _, accuracy, _ = opened("en", young)
    assert rows(forecast) == []
    assert accuracy["A1"].value == open_reader("en").t("accuracy.none")
