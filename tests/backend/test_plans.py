"""Plans: what a file of targets may look like, and that everyone gets the newest one."""

from __future__ import annotations

import pandas as pd
import pytest

from backend.errors import InvalidInput
from backend.history import History
from backend.plans import Plan, drop_plan, plan_with_parts, read_plan, save_plan

MONTHS = "Month,date,Target\nJan,2014-01-01,100\nFeb,2014-02-01,110.5\n"
PARTS = (
    "OrderDate,Country,Category,Revenue\n"
    "2014-06-02,France,Bikes,11\n2014-06-01,France,Bikes,10\n2014-06-01, Japan ,Bikes,20\n"
)


def test_targets_of_a_series_are_found_as_actuals_are(history: History) -> None:
    plan = read_plan(MONTHS.encode(), "sales", "/somewhere/plan 2014.csv")
    assert (plan.name, list(plan.parts)) == ("plan 2014.csv", [""])
    save_plan(history, plan)
    kept = plan_with_parts(history, "sales")
    assert kept is not None
    assert list(kept.parts) == [""]
    expected = pd.DataFrame({"ds": pd.to_datetime(["2014-01-01", "2014-02-01"]), "y": [100.0, 110.5]})
    pd.testing.assert_frame_equal(kept.parts[""], expected, check_dtype=False)
    assert plan_with_parts(history, "sale_") is None


def test_the_parts_of_a_plan_are_series_of_their_own(history: History) -> None:
    save_plan(history, read_plan(PARTS.encode(), "sales", "plan.csv"))
    found = plan_with_parts(history, "sales")
    assert found is not None
    assert (found.name, list(found.parts)) == ("plan.csv", ["France/Bikes", "Japan/Bikes"])
    assert found.parts["France/Bikes"]["y"].tolist() == [10.0, 11.0]
    one = plan_with_parts(history, "sales/Japan/Bikes")
    assert one is not None
    assert list(one.parts) == [""]
    assert one.parts[""]["y"].tolist() == [20.0]


def test_a_new_plan_takes_the_place_of_the_old_one_and_of_no_other(history: History) -> None:
    save_plan(history, read_plan(PARTS.encode(), "sales", "old.csv"))
    save_plan(history, read_plan(MONTHS.encode(), "sales_2", "other.csv"))
    save_plan(history, read_plan(MONTHS.encode(), "sales", "new.csv"))
    found = plan_with_parts(history, "sales")
    assert found is not None
    assert (found.name, list(found.parts)) == ("new.csv", [""])
    drop_plan(history, "sales")
    assert plan_with_parts(history, "sales") is None
    other = plan_with_parts(history, "sales_2")
    assert other is not None
    assert other.name == "other.csv"


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ("ds,y\n2014-01-01,1\n2014-01-02,2\nlater,3\n", "plan.bad_date", 4),
        ("ds,y\n2014-01-01,1\n2014-01-02,much\n2014-01-03,3\n", "plan.bad_number", 3),
        ("ds,y\n2014-01-01,1\n2014-01-02,inf\n2014-01-03,3\n", "plan.bad_number", 3),
        ("ds,y\n2014-01-01,1\n2014-01-02,2\n2014-01-01,3\n", "plan.duplicate", 4),
        ("ds,part,y\n2014-01-01,a,1\n2014-01-01,,2\n", "plan.no_part", 3),
        ("ds,part,y\n2014-01-01,a,1\n2014-01-01,b,2\n2014-01-01,a ,2\n", "plan.duplicate", 4),
    ],
)
def test_a_plan_with_a_wrong_row_is_refused_and_the_row_named(text: str, code: str, row: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_plan(text.encode(), "sales", "plan.csv")
    assert (refused.value.code, refused.value.details["row"]) == (code, row)


def test_a_plan_has_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput) as long_name:
        read_plan(PARTS.replace("France", "F" * 260).encode(), "sales", "plan.csv")
    assert long_name.value.code == "plan.long_name"
    monkeypatch.setattr("backend.plans.MAX_ROWS", 2)
    with pytest.raises(InvalidInput) as too_long:
        read_plan(PARTS.encode(), "sales", "plan.csv")
    assert too_long.value.code == "plan.too_long"


def test_a_plan_of_nothing_is_kept_nowhere(history: History) -> None:
    save_plan(history, Plan("sales", "empty.csv", {}))
    assert plan_with_parts(history, "sales") is None
