"""Reading actuals: what is found, what is reported, what is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backend.actuals import Actuals, list_actuals, read_actuals, save_actuals
from backend.errors import InvalidActuals
from backend.settings import PROJECT_ROOT, Settings


def read(text: str, **columns: str) -> Actuals:
    return read_actuals(BytesIO(text.encode()), "test", **columns)


def test_the_bundled_series_is_whole() -> None:
    actuals = read_actuals(PROJECT_ROOT / "data" / "adventureworks_daily.csv", "adventureworks_daily")
    assert (len(actuals.frame), actuals.frequency, actuals.season) == (305, "D", 7)
    assert (actuals.date_column, actuals.value_column) == ("TransactionDate", "PaidAmount")
    assert (actuals.origin, actuals.calendar) == (datetime(2014, 5, 31), "D")
    assert actuals.problems == ()
    assert actuals.history(datetime(2013, 8, 1))[-1]["ds"] == "2013-08-01"


def test_every_kind_of_problem_names_its_row() -> None:
    actuals = read(
        "when,note,amount\n"
        "2024-01-01,a,1\n"
        "2024-01-02,b,\n"  # line 3: no value
        "2024-01-03,c,three\n"  # line 4: not a number
        "not a day,d,4\n"  # line 5: no date
        "2024-01-05,e,5\n"
        "2024-01-05,f,6\n"  # line 7: the same day again
        "2024-01-04,g,4\n"  # line 8: earlier than the line before
        "2024-01-08,h,8\n",
        value_column="amount",
    )
    reported = {(problem.code, problem.row) for problem in actuals.problems}
    assert reported >= {
        ("missing_value", 3),
        ("not_a_number", 4),
        ("bad_date", 5),
        ("duplicate", 7),
        ("unsorted", 8),
    }
    assert {problem.moment for problem in actuals.problems if problem.code == "gap"} == set(actuals.filled)
    assert actuals.filled == tuple(datetime(2024, 1, day) for day in (2, 3, 6, 7))
    found = {finding.code: finding for finding in actuals.findings}
    assert found["interpolated"].dates == ("2024-01-02", "2024-01-03", "2024-01-06", "2024-01-07")
    assert found["duplicates"].dates == ("2024-01-05",)
    assert set(found) == {"interpolated", "duplicates"}
    values = dict(zip(actuals.frame["ds"].dt.day, actuals.frame["y"], strict=True))
    assert values == {
        1: 1,
        2: 2,
        3: 3,
        4: 4,
        5: 6,
        6: pytest.approx(6 + 2 / 3),
        7: pytest.approx(7 + 1 / 3),
        8: 8,
    }


@pytest.mark.parametrize(
    ("days", "frequency", "calendar", "last"),
    [
        (["2024-01-01", "2024-01-08", "2024-01-15"], "W", "W-MON", datetime(2024, 1, 15)),
        (["2024-01-01", "2024-02-01", "2024-03-01"], "MS", "MS", datetime(2024, 3, 1)),
        (["2024-01-31", "2024-02-29", "2024-03-31"], "MS", "ME", datetime(2024, 3, 31)),
        (["2024-01-15", "2024-02-15", "2024-03-15"], "MS", "MS", datetime(2024, 3, 1)),
        (["2024-01-01", "2024-04-01", "2024-07-01"], "QS", "QS-JAN", datetime(2024, 7, 1)),
        (["2024-02-01", "2024-05-01", "2024-08-01"], "QS", "QS-FEB", datetime(2024, 8, 1)),
        (["2024-03-31", "2024-06-30", "2024-09-30"], "QS", "QE-MAR", datetime(2024, 9, 30)),
        (["2022-01-01", "2023-01-01", "2024-01-01"], "YS", "YS-JAN", datetime(2024, 1, 1)),
        (["2022-12-31", "2023-12-31", "2024-12-31"], "YS", "YE-DEC", datetime(2024, 12, 31)),
        (["2024-01-01 09:00", "2024-01-02 09:00", "2024-01-03 09:00"], "D", "D", datetime(2024, 1, 3)),
        (["2024-01-01 22:00", "2024-01-01 23:00", "2024-01-02 00:00"], "h", "h", datetime(2024, 1, 2)),
        (["2024-01-01 22:05", "2024-01-01 23:05", "2024-01-02 00:05"], "h", "h", datetime(2024, 1, 2)),
    ],
)
def test_the_frequency_is_found(days: list[str], frequency: str, calendar: str, last: datetime) -> None:
    actuals = read("ds,y\n" + "".join(f"{day},{n}\n" for n, day in enumerate(days)))
    assert (actuals.frequency, actuals.calendar, actuals.origin) == (frequency, calendar, last)
    assert len(actuals.frame) == 3
    assert actuals.problems == actuals.findings == ()


def test_a_series_of_working_days_has_no_weekends_to_fill() -> None:
    """Three weeks from Monday to Friday, a holiday left out; a week alone could be daily as well."""
    days = [date(2024, 1, 1) + timedelta(days=day) for day in range(19)]
    rows = [f"{day},{day.day}\n" for day in days if day.weekday() < 5]
    actuals = read("ds,y\n" + "".join(row for row in rows if not row.startswith("2024-01-08")))
    assert (actuals.frequency, actuals.season) == ("B", 5)
    assert actuals.filled == (datetime(2024, 1, 8),)
    assert read("ds,y\n" + "".join(rows[:5])).frequency == "D"


def test_hours_are_written_as_the_contract_has_them() -> None:
    first = datetime(2024, 1, 1)
    hours = [first + timedelta(hours=hour) for hour in range(72) if hour != 30]
    actuals = read("when,load\n" + "".join(f"{hour},{hour.hour}\n" for hour in hours))
    assert (actuals.frequency, actuals.season, actuals.origin) == ("h", 24, datetime(2024, 1, 3, 23))
    assert actuals.filled == (datetime(2024, 1, 2, 6),)
    rows = actuals.history(datetime(2024, 1, 2, 6))
    assert rows[0] == {"ds": "2024-01-01T00:00:00", "y": 0.0}
    assert rows[-1] == {"ds": "2024-01-02T06:00:00", "y": 6.0}
    assert len(rows) == 31


def test_the_night_that_clocks_are_set_back_has_every_hour_once() -> None:
    """Madrid, 27 October 2024: two o'clock comes twice, first an hour ahead of the other."""
    hours = [f"2024-10-27T{hour:02}:00:00+02:00" for hour in (0, 1, 2)]
    hours += [f"2024-10-27T{hour:02}:00:00+01:00" for hour in (2, 3, 4)]
    actuals = read("ds,y\n" + "".join(f"{hour},{row}\n" for row, hour in enumerate(hours)))
    assert actuals.frame["y"].tolist() == [0, 1, 2, 3, 4, 5]
    assert actuals.frame["ds"].iloc[0] == datetime(2024, 10, 26, 22)
    assert actuals.problems == ()


def test_days_with_a_zone_are_the_days_of_the_place() -> None:
    days = [f"2024-{month}T00:00:00+0{zone}:00" for month, zone in (("03-30", 1), ("03-31", 1), ("04-01", 2))]
    actuals = read("ds,y\n" + "".join(f"{day},1\n" for day in days))
    assert actuals.frame["ds"].dt.date.tolist() == [date(2024, 3, 30), date(2024, 3, 31), date(2024, 4, 1)]


def test_what_stands_out_in_the_bundled_series_is_found() -> None:
    actuals = read_actuals(PROJECT_ROOT / "data" / "adventureworks_daily.csv", "adventureworks_daily")
    found = {finding.code: finding.dates for finding in actuals.findings}
    assert found["incomplete-last"] == ("2014-05-31",)
    assert {"2014-03-01", "2014-05-03", "2014-05-24"} < set(found["outlier"])


@pytest.mark.parametrize(
    ("text", "columns", "field", "code"),
    [
        ("", {}, "actuals", "actuals.not_csv"),
        ("ds,y\n", {}, "actuals", "actuals.too_small"),
        (
            "ds,y\n2024-01-01,1\n2024-01-02,x\n2024-01-03,y\n",
            {"value_column": "y"},
            "actuals",
            "actuals.too_few",
        ),
        ("a,b\nx,1\ny,2\n", {}, "date_column", "actuals.no_date"),
        ("a,b\n2024-01-01,x\n2024-01-02,y\n", {}, "value_column", "actuals.no_value"),
        ("ds,y\n2024-01-01,1\n2024-01-02,2\n", {"value_column": "z"}, "value_column", "actuals.no_column"),
        (
            "ds,y\n2024-01-01 00:00,1\n2024-01-01 00:15,2\n2024-01-01 00:30,3\n",
            {},
            "actuals",
            "actuals.frequency",
        ),
    ],
)
def test_what_is_no_series_is_refused_by_field(
    text: str, columns: dict[str, str], field: str, code: str
) -> None:
    with pytest.raises(InvalidActuals) as caught:
        read(text, **columns)
    assert (caught.value.field, caught.value.code) == (field, code)


@hypothesis_settings(deadline=None)  # a busy machine takes its time
@given(
    st.lists(
        st.tuples(st.dates(date(2020, 1, 1), date(2021, 12, 31)), st.floats(-1e9, 1e9)),
        min_size=3,
        max_size=60,
        unique_by=lambda row: row[0],
    )
)
def test_no_value_that_was_given_is_changed(rows: list[tuple[date, float]]) -> None:
    text = "ds,y\n" + "".join(f"{day},{value!r}\n" for day, value in rows)
    try:
        actuals = read(text)
    except InvalidActuals:
        return
    if actuals.frequency != "D":
        return
    kept = dict(zip(actuals.frame["ds"].dt.date, actuals.frame["y"], strict=True))
    assert all(kept[day] == value for day, value in rows)
    assert set(kept) - {day for day, _ in rows} == {moment.date() for moment in actuals.filled}


def test_uploads_are_kept_beside_the_configured_file(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    source = save_actuals(settings, "../../Umsätze 2024.csv", b"ds,y\n2024-01-01,1\n2024-01-02,2\n")
    assert source.path.parent == tmp_path / "actuals"
    bundled = ["adventureworks_daily", "adventureworks_sales_daily"]
    assert [known.name for known in list_actuals(settings)] == [*bundled, source.name]
    with pytest.raises(InvalidActuals):
        save_actuals(settings, "broken.csv", b"nothing")
    assert len(list_actuals(settings)) == 3
