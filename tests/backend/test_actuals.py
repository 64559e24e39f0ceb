"""Reading actuals: what is found, what is reported, what is refused."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
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
    assert actuals.origin == date(2014, 5, 31)
    assert actuals.problems == ()
    assert actuals.history(date(2013, 8, 1))[-1]["ds"] == "2013-08-01"


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
    assert {problem.day for problem in actuals.problems if problem.code == "gap"} == set(actuals.filled)
    assert actuals.filled == (date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 6), date(2024, 1, 7))
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
    ("days", "frequency"),
    [
        (["2024-01-01", "2024-01-08", "2024-01-15"], "W"),
        (["2024-01-01", "2024-02-01", "2024-03-01"], "MS"),
        (["2024-01-31", "2024-02-29", "2024-03-31"], "MS"),
        (["2024-01-01", "2024-04-01", "2024-07-01"], "QS"),
        (["2024-01-01 09:00", "2024-01-02 09:00", "2024-01-03 09:00"], "D"),
    ],
)
def test_the_frequency_is_found(days: list[str], frequency: str) -> None:
    actuals = read("ds,y\n" + "".join(f"{day},{n}\n" for n, day in enumerate(days)))
    assert actuals.frequency == frequency
    assert len(actuals.frame) == 3


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
            "ds,y\n2024-01-01 00:00,1\n2024-01-01 01:00,2\n2024-01-01 02:00,3\n",
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
    assert set(kept) - {day for day, _ in rows} == set(actuals.filled)


def test_uploads_are_kept_beside_the_configured_file(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    source = save_actuals(settings, "../../Umsätze 2024.csv", b"ds,y\n2024-01-01,1\n2024-01-02,2\n")
    assert source.path.parent == tmp_path / "actuals"
    assert [known.name for known in list_actuals(settings)] == ["adventureworks_daily", source.name]
    with pytest.raises(InvalidActuals):
        save_actuals(settings, "broken.csv", b"nothing")
    assert len(list_actuals(settings)) == 2
