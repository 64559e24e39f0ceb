"""Reading series: what is filled, what is refused by name and row, and many series from one table."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import TrainingInputInvalid
from scoring.quality import inspect
from scoring.series import Gaps, read_panel, read_series

DAYS = {day: float(day * day) for day in range(1, 21)}
PANEL = "unique_id,ds,y\n" + "".join(
    f"{name},2014-01-{day:02},{day * scale}\n"
    for name, scale, first, last in (("shop-B", 1, 1, 9), ("shop-A", 10, 4, 12), ("007", 100, 2, 7))
    for day in range(first, last + 1)
)


def csv(folder: Path, text: str) -> Path:
    path = folder / "series.csv"
    path.write_text(text)
    return path


def daily(days: dict[int, object]) -> str:
    return "ds,y\n" + "".join(f"2014-01-{day:02},{value}\n" for day, value in days.items())


def test_inner_gaps_are_interpolated_marked_and_found(tmp_path: Path) -> None:
    """Days 5 and 6 have no row, day 9 has an empty cell, day 12 says NaN."""
    rows = {day: value for day, value in DAYS.items() if day not in (5, 6)} | {9: "", 12: "NaN"}
    series = read_series(csv(tmp_path, daily(rows)), gaps="interpolate")
    assert [moment.day for moment in series.filled] == [5, 6, 9, 12]
    assert [moment.day for moment in series.moments] == list(range(1, 21))
    values = dict(zip(range(1, 21), series.values.tolist(), strict=True))
    assert (values[5], values[6]) == (27.0, 38.0)
    assert (values[9], values[12]) == (82.0, 145.0)
    assert {day: value for day, value in values.items() if day not in (5, 6, 9, 12)} == {
        day: value for day, value in DAYS.items() if day not in (5, 6, 9, 12)
    }
    (finding,) = inspect(series.moments, series.values, series.frequency, season=7, filled=series.filled)
    assert (finding.code, finding.count, finding.details["longest"]) == ("interpolated", 4, 2)


def test_gaps_can_be_zeros(tmp_path: Path) -> None:
    series = read_series(csv(tmp_path, daily({1: 3, 2: "", 5: 4, 6: 1, 9: 2})), gaps="zero")
    assert series.values.tolist() == [3, 0, 0, 0, 4, 1, 0, 0, 2]
    assert [moment.day for moment in series.filled] == [2, 3, 4, 7, 8]


def test_empty_cells_at_the_ends_are_not_made_up(tmp_path: Path) -> None:
    rows = {1: "", **{day: day for day in range(2, 9)}, 9: "null", 10: ""}
    series = read_series(csv(tmp_path, daily(rows)), gaps="interpolate")
    assert (series.values.tolist(), series.filled) == (list(range(2, 9)), ())


def test_a_series_without_gaps_is_the_same_however_gaps_are_treated(tmp_path: Path) -> None:
    path = csv(tmp_path, daily(DAYS))
    series = [read_series(path, gaps=gaps) for gaps in ("refuse", "interpolate", "zero")]
    assert {s.moments for s in series} == {series[0].moments}
    assert all(s.filled == () and s.values.tolist() == list(DAYS.values()) for s in series)


def test_the_calendar_with_the_fewest_gaps_is_chosen(tmp_path: Path) -> None:
    """Working days less two holidays: the weekends are no gaps."""
    dates = [
        day for day in pd.bdate_range("2014-01-01", periods=40) if day.date().isoformat() not in HOLIDAYS
    ]
    text = "ds,y\n" + "".join(f"{day.date()},{row}\n" for row, day in enumerate(dates))
    series = read_series(csv(tmp_path, text), gaps="interpolate")
    assert series.frequency == "B"
    assert tuple(moment.date().isoformat() for moment in series.filled) == HOLIDAYS


HOLIDAYS = ("2014-01-13", "2014-02-11")


@pytest.mark.parametrize("gaps", ["interpolate", "zero"])
@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (DAYS | {7: "seven"}, "row 8: the value is missing, NaN or infinite"),
        (DAYS | {7: "inf"}, "row 8: the value is missing, NaN or infinite"),
        ({1: 1, 2: 2, 3: 3}, "3 rows are left"),
        ({1: 1, 2: "", 3: 2, 4: "", 5: 3}, "3 rows are left"),
    ],
)
def test_what_can_not_be_filled_is_refused(
    tmp_path: Path, rows: dict[int, object], message: str, gaps: Gaps
) -> None:
    with pytest.raises(TrainingInputInvalid, match=message):
        read_series(csv(tmp_path, daily(rows)), gaps=gaps)


@pytest.mark.parametrize("gaps", ["refuse", "interpolate", "zero"])
def test_a_repeated_date_is_refused_by_row(tmp_path: Path, gaps: Gaps) -> None:
    text = daily(DAYS) + "2014-01-03,\n"
    with pytest.raises(TrainingInputInvalid, match=r"row 22: the (date is there twice|value is missing)"):
        read_series(csv(tmp_path, text), gaps=gaps)


def test_more_than_half_is_not_interpolated(tmp_path: Path) -> None:
    path = csv(tmp_path, daily({1: 1, 2: 2, 19: 3, 20: 4}))
    with pytest.raises(TrainingInputInvalid, match="16 of 20 values are missing: too many"):
        read_series(path, gaps="interpolate")
    assert read_series(path, gaps="zero").values.sum() == 10


@settings(deadline=None)  # a file is written and read, on a machine that may be busy
@given(
    rows=st.dictionaries(st.integers(0, 60), st.floats(-1e9, 1e9), min_size=35, max_size=61),
    gaps=st.sampled_from(["interpolate", "zero"]),
)
def test_no_value_of_the_file_is_changed(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[int, float], gaps: Gaps
) -> None:
    first = datetime(2014, 3, 1)
    at = {first + pd.Timedelta(days=day): value for day, value in rows.items()}
    text = "ds,y\n" + "".join(f"{moment.date()},{value!r}\n" for moment, value in at.items())
    series = read_series(csv(tmp_path_factory.mktemp("given"), text), gaps=gaps)
    if series.frequency != "D":
        return
    values = dict(zip(series.moments, series.values.tolist(), strict=True))
    assert all(values[moment] == value for moment, value in at.items())
    assert set(values) - set(at) == set(series.filled)
    made_up = [values[moment] for moment in series.filled]
    assert not made_up or min([0, *rows.values()]) <= min(made_up) <= max(made_up) <= max([0, *rows.values()])


def test_a_long_table_is_read_as_its_series(tmp_path: Path) -> None:
    panel = read_panel(csv(tmp_path, PANEL))
    assert (panel.ids, panel.frequency) == (("shop-B", "shop-A", "007"), "D")
    spans = [(series.moments[0].day, series.moments[-1].day) for series in panel.series]
    assert spans == [(1, 9), (4, 12), (2, 7)]
    assert panel.series[1].values.tolist() == [10 * day for day in range(4, 13)]
    assert {series.sha256 for series in panel.series} == {panel.sha256}


def test_the_order_of_a_long_tables_rows_does_not_matter(tmp_path: Path) -> None:
    header, *rows = PANEL.splitlines()
    shuffled = [rows[place] for place in np.random.default_rng(1).permutation(len(rows))]
    sorted_panel, panel = (
        read_panel(csv(tmp_path, "\n".join([header, *order]) + "\n")) for order in (rows, shuffled)
    )
    assert set(panel.ids) == set(sorted_panel.ids)
    for name, series in zip(sorted_panel.ids, sorted_panel.series, strict=True):
        other = panel.series[panel.ids.index(name)]
        assert (other.moments, other.values.tolist()) == (series.moments, series.values.tolist())


def test_a_series_of_a_long_table_is_what_a_file_of_its_own_holds(tmp_path: Path) -> None:
    """The real daily sales of 18 countries and categories, a day without a row being no sales."""
    long_table = Path(__file__).resolve().parents[2] / "data" / "adventureworks_sales_daily.csv"
    names = {"id_columns": ["Country", "Category"], "date_column": "OrderDate", "value_column": "Revenue"}
    panel = read_panel(long_table, gaps="zero", **names)
    table = pd.read_csv(long_table)
    name = table["Country"] + "/" + table["Category"]
    assert set(panel.ids) == set(name)
    assert (len(panel.ids), panel.frequency) == (name.nunique(), "D")
    for series_name, series in zip(panel.ids, panel.series, strict=True):
        rows = table[name == series_name][["OrderDate", "Revenue"]]
        alone = read_series(csv(tmp_path, rows.to_csv(index=False)), gaps="zero")
        assert (series.moments, series.filled) == (alone.moments, alone.filled)
        assert series.values.tolist() == alone.values.tolist()
        assert series.values.sum() == pytest.approx(rows["Revenue"].sum())


def test_columns_of_other_names_are_told_or_named(tmp_path: Path) -> None:
    text = PANEL.replace("unique_id,ds,y", "shop,day,sold")
    other = csv(tmp_path, text.replace("007", "shop-C"))
    assert read_panel(other).ids == ("shop-B", "shop-A", "shop-C")
    with pytest.raises(TrainingInputInvalid, match="value column: there is no 'price'"):
        read_panel(other, value_column="price")
    numbered = csv(tmp_path, text.replace("shop-A", "1").replace("shop-B", "2"))
    with pytest.raises(TrainingInputInvalid, match=r"id column: name it.*candidates: none"):
        read_panel(numbered)
    assert read_panel(numbered, id_columns=["shop"]).ids == ("2", "1", "007")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("shop-A,2014-01-06,60", "shop-A,2014-01-06,", "series shop-A, row 13: the value is missing"),
        ("shop-A,2014-01-06,60", "shop-A,2014-01-05,60", "series shop-A, row 13: the date is there twice"),
        ("shop-A,2014-01-06,60", "shop-A,6.1.2014,60", "series shop-A, row 13: the date is not one like"),
        ("shop-A,2014-01-06,60", " ,2014-01-06,60", "row 13: the series has no name"),
        ("shop-A,2014-01-06,60\n", "", "series shop-A, 2014-01-06 is missing, at frequency D"),
        ("007,2014-01-07,700\n", "alone,2014-01-07,700\n", "series alone, 1 rows are left.*1 such series"),
    ],
)
def test_errors_name_the_series_and_the_row(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PANEL
    with pytest.raises(TrainingInputInvalid, match=message):
        read_panel(csv(tmp_path, PANEL.replace(old, new)))


def test_a_series_of_which_more_than_half_is_missing_is_named(tmp_path: Path) -> None:
    text = PANEL + "".join(f"sparse,2014-0{month}-01,1\n" for month in range(1, 5))
    with pytest.raises(TrainingInputInvalid, match="series sparse, 87 of 91 values are missing"):
        read_panel(csv(tmp_path, text), gaps="interpolate")
    assert read_panel(csv(tmp_path, text), gaps="zero").series[3].values.sum() == 4


def test_no_more_series_than_the_bound(tmp_path: Path) -> None:
    rows = "".join(f"s{number},2014-01-01,1\n" for number in range(10_001))
    with pytest.raises(TrainingInputInvalid, match="10001 series, at most 10000"):
        read_panel(csv(tmp_path, "unique_id,ds,y\n" + rows))


def test_a_thousand_series_are_read_in_about_a_second(tmp_path: Path) -> None:
    days = pd.date_range("2014-01-01", periods=300).strftime("%Y-%m-%d")
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "unique_id": np.repeat([f"S{number:04}" for number in range(1000)], 300),
            "ds": np.tile(days, 1000),
            "y": rng.integers(0, 1000, size=300_000),
        }
    )
    path = tmp_path / "many.csv"
    table[rng.random(len(table)) > 0.05].to_csv(path, index=False)
    begin = time.process_time()
    panel = read_panel(path, gaps="zero")
    assert time.process_time() - begin < 5, "about one second of an idle core"
    assert len(panel.ids) == 1000
    assert sum(len(series.moments) for series in panel.series) > 299_000
