"""Long tables as panels: which columns name the parts, which sums they make, what the training is given."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import create_engine

from backend.actuals import BUNDLED, BUNDLED_SALES, list_actuals, read_csv
from backend.actuals_table import Actuals
from backend.errors import InvalidActuals
from backend.panel import SERIES_CHARACTERS, TOTAL, Panel
from backend.panel_table import find_id_columns, read_any, read_file
from backend.settings import Settings
from backend.sql_actuals import SqlSource
from backend.training_input import candidates_for, described, write_input
from scoring.nodes import with_sums
from scoring.series import read_panel as read_for_training

SALES = "adventureworks_sales_daily"


def sales() -> Panel:
    found = read_file(BUNDLED_SALES, SALES)
    assert isinstance(found, Panel)
    return found


def panel_of(rows: str, header: str = "ds,shop,line,y") -> Panel:
    found = read_file(BytesIO(f"{header}\n{rows}".encode()), "shops")
    assert isinstance(found, Panel)
    return found


def days(*cells: str, count: int = 6) -> str:
    """The rows of every cell, which is `shop,line`, over some days; a cell's values count from its place."""
    return "".join(
        f"2024-01-{day:02},{cell},{place + day}\n"
        for day in range(1, count + 1)
        for place, cell in enumerate(cells)
    )


def test_the_bundled_sales_are_told_by_country_and_category() -> None:
    panel = sales()
    assert panel.parts_columns == ("Country", "Category")
    assert (panel.date_column, panel.value_column) == ("OrderDate", "Revenue")
    assert (panel.frequency, panel.season, panel.rows) == ("D", 7, 8_119)
    assert len(panel.nodes) == 28
    assert [level.columns for level in panel.levels] == [
        (),
        ("Country",),
        ("Category",),
        ("Country", "Category"),
    ]
    assert panel.origin == datetime(2019, 6, 30)
    assert panel.problems == ()


def test_every_node_sums_its_rows_of_the_table() -> None:
    panel = sales()
    table = pd.read_csv(BUNDLED_SALES, parse_dates=["OrderDate"])
    for node, rows in (
        (TOTAL, table),
        ("France", table[table["Country"] == "France"]),
        ("Clothing", table[table["Category"] == "Clothing"]),
        ("Canada/Bikes", table[(table["Country"] == "Canada") & (table["Category"] == "Bikes")]),
    ):
        by_day = rows.groupby("OrderDate")["Revenue"].sum()
        found = panel.actuals(node).frame.set_index("ds")["y"]
        assert found.index[0] == by_day.index[0], node
        assert found.index[-1] == pd.Timestamp(panel.origin), node
        np.testing.assert_allclose(found, by_day.reindex(found.index, fill_value=0.0))


def test_a_node_is_a_series_like_any_other() -> None:
    actuals = sales().actuals("Australia/Accessories")
    assert actuals.name == f"{SALES}/Australia/Accessories"
    assert actuals.frame["ds"].iloc[0] == pd.Timestamp("2018-07-01")
    assert (actuals.frequency, actuals.calendar, actuals.season, actuals.filled) == ("D", "D", 7, ())
    assert actuals.history()[0].keys() == {"ds", "y"}


def test_the_nodes_are_those_that_the_training_makes(tmp_path: Path) -> None:
    panel = sales()
    arguments = write_input(panel, tmp_path)
    assert arguments[-1] == "--hierarchy"
    assert arguments[arguments.index("--gaps") + 1] == "zero"
    read = read_for_training(tmp_path / "actuals.csv", id_columns=["unique_id"], gaps="zero")
    trained, summing = with_sums(read, padded=True)
    assert trained.ids == panel.nodes
    assert summing.shape == (28, 18)
    for name, series in zip(trained.ids, trained.series, strict=True):
        np.testing.assert_allclose(series.values, panel.values_of(name))


def test_only_what_competes_quickly_competes_for_each_of_many_series() -> None:
    panel, one = sales(), read_file(BUNDLED, "adventureworks_daily")
    settings = Settings()
    assert (candidates_for(panel, settings), candidates_for(one, settings)) == ("quick", "all")
    named = settings.model_copy(update={"training_candidates": "naive"})
    assert candidates_for(panel, named) == candidates_for(one, named) == "naive"
    told = described(panel)
    assert (told["series"], told["rows"], told["first"][:10], told["last"][:10]) == (
        28,
        8_119,
        "2017-01-01",
        "2019-06-30",
    )


def test_the_bundled_sales_are_offered_beside_the_bundled_series(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path)
    assert [source.name for source in list_actuals(settings)] == ["adventureworks_daily", SALES]
    own = tmp_path / "own.csv"
    own.write_text("ds,y\n2024-01-01,1\n2024-01-02,2\n")
    assert [source.name for source in list_actuals(settings.model_copy(update={"actuals": own}))] == ["own"]


def test_a_table_of_one_series_is_no_panel() -> None:
    assert isinstance(read_file(BUNDLED, "adventureworks_daily"), Actuals)
    noted = "".join(f"2024-01-{day:02},{day},note {day}\n" for day in range(1, 20))
    assert isinstance(read_file(BytesIO(f"ds,y,note\n{noted}".encode()), "noted"), Actuals)
    twice = "".join(f"2024-01-{day:02},{day}\n" * 2 for day in range(1, 20))
    assert isinstance(read_file(BytesIO(f"ds,y\n{twice}".encode()), "twice"), Actuals)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("ds,shop,line,y", ("shop", "line")),
        ("ds,unique_id,line,y", ("unique_id",)),
        ("y,line,shop,ds", ("line", "shop")),
    ],
)
def test_columns_that_name_the_parts_are_found(header: str, expected: tuple[str, ...]) -> None:
    table = pd.DataFrame(
        [
            {"ds": f"2024-01-{day:02}", "shop": shop, "line": line, "unique_id": f"{shop} {line}", "y": "1"}
            for day in range(1, 10)
            for shop in ("North", "South")
            for line in ("Tea", "Rice")
        ]
    )[header.split(",")]
    assert find_id_columns(table) == expected


def test_a_column_that_is_the_same_everywhere_names_nothing() -> None:
    panel = panel_of(days("USD,Tea", "USD,Rice"))
    assert (panel.parts, panel.parts_columns, panel.adds_up) == (("Tea", "Rice"), ("line",), False)
    assert panel.nodes == ("Tea", "Rice")
    assert [level.columns for level in panel.levels] == [("line",)]


def test_a_day_without_a_row_is_zero_once_the_part_has_begun() -> None:
    rows = days("North,Tea", "South,Tea", "North,Rice") + "2024-01-03,South,Rice,7\n2024-01-05,South,Rice,9\n"
    panel = panel_of(rows)
    assert panel.values_of("South/Rice").tolist() == [0, 0, 7, 0, 9, 0]
    assert panel.actuals("South/Rice").frame["y"].tolist() == [7, 0, 9, 0]
    assert panel.actuals("South").frame["y"].tolist()[2] == 7 + 4


def test_a_name_with_the_separator_in_it_is_written_with_a_dash() -> None:
    panel = panel_of(days("North/East,Tea", "South,Tea", "North/East,Rice", "South,Rice"))
    assert panel.parts[0] == "North-East/Tea"
    assert panel.adds_up


def test_rows_that_come_again_and_rows_that_cannot_be_read_are_told() -> None:
    rows = days("North,Tea", "South,Tea", "North,Rice", "South,Rice", count=20)
    panel = panel_of(rows + "2024-01-20,South,Rice,99\nsoon,North,Tea,1\n2024-01-20,North,Tea,many\n")
    assert [problem.code for problem in panel.problems] == ["duplicate", "bad_date", "not_a_number"]
    assert panel.values_of("South/Rice")[-1] == 99
    assert panel.values_of("North/Tea")[-1] == 20


def test_parts_that_are_too_many_to_add_up_stand_alone() -> None:
    cells = [f"shop {shop},line {line}" for shop in range(20) for line in range(12)]
    panel = panel_of(days(*cells))
    assert (len(panel.parts), panel.adds_up, len(panel.nodes)) == (240, False, 240)
    assert panel.levels[0].columns == ("shop", "line")


def test_a_long_name_still_tells_its_node() -> None:
    panel = panel_of(days(f"{'N' * 300},Tea", "S,Tea", f"{'N' * 300},Rice", "S,Rice"))
    names = {panel.series_of(node) for node in panel.nodes}
    assert len(names) == len(panel.nodes)
    assert max(map(len, names)) == SERIES_CHARACTERS


def test_a_digest_tells_the_days_that_it_covers_and_every_part_of_them() -> None:
    rows = days("North,Tea", "South,Tea", "North,Rice", "South,Rice")
    first, last = datetime(2024, 1, 3), datetime(2024, 1, 6)
    before = panel_of(rows).digests([first, last])
    # One more of the one and one less of the other: every sum of the shop is the same.
    moved = rows.replace("2024-01-05,North,Tea,5", "2024-01-05,North,Tea,6").replace(
        "2024-01-05,North,Rice,7", "2024-01-05,North,Rice,6"
    )
    after = panel_of(moved).digests([last, first])
    assert after[first] == before[first]
    assert after[last] != before[last]
    assert before[first] != before[last]
    # Which other origins are asked for at the same time changes nothing.
    assert panel_of(rows).digests([last])[last] == before[last]


def test_history_goes_out_from_a_day_or_from_each_parts_own() -> None:
    rows = days("North,Tea", "South,Tea", "North,Rice") + "2024-01-05,South,Rice,9\n2024-01-06,South,Rice,9\n"
    panel = panel_of(rows)
    assert panel.history(["South/Rice"]) == [
        {"unique_id": "South/Rice", "ds": "2024-01-05", "y": 9.0},
        {"unique_id": "South/Rice", "ds": "2024-01-06", "y": 9.0},
    ]
    assert [row["y"] for row in panel.history(["South/Rice"], 3)] == [0.0, 9.0, 9.0]


def test_a_panel_without_steps_is_refused() -> None:
    table = read_csv(BytesIO(f"ds,shop,line,y\n{days('A,x', 'B,x', 'A,y', 'B,y', count=3)}".encode()))
    with pytest.raises(InvalidActuals) as caught:
        read_any(table.assign(unique_id=table["shop"] + table["line"]), "short")
    assert caught.value.code == "actuals.panel_size"
    assert caught.value.details["steps"] == 3


def test_a_query_gives_a_panel_as_a_file_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'sales.db'}"
    engine = create_engine(url)
    pd.read_csv(BUNDLED_SALES).to_sql("sales", engine, index=False)
    engine.dispose()
    query = "SELECT OrderDate, Country, Category, Revenue FROM sales"
    found = read_any(SqlSource(SALES, url, query, 300.0).table(), SALES)
    assert isinstance(found, Panel)
    assert found.nodes == sales().nodes
    np.testing.assert_allclose(found.values, sales().values)
    assert found.digests([found.origin]) == sales().digests([found.origin])
