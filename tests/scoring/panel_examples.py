"""The bundled sales of 2 countries x 2 categories, and long tables, to train many series on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from scoring.competition import CompetitionPlan
from tests.scoring.conftest import ROOT
from tests.scoring.kind_examples import days

SALES = ROOT / "data" / "adventureworks_sales_daily.csv"
COUNTRIES, CATEGORIES = ("Australia", "Canada"), ("Accessories", "Bikes")
NODES = (
    *("total", *COUNTRIES, *CATEGORIES),
    *(f"{country}/{category}" for country in COUNTRIES for category in CATEGORIES),
)
BOTTOMS = NODES[-4:]
CANDIDATES = "seasonal-naive,season-regression-13,recent-mean-13"
PLAN = CompetitionPlan(horizon=14, candidates=tuple(CANDIDATES.split(",")), origins=3, processes=1)
OPTIONS = (
    *("--model-name", "sales", "--candidates", CANDIDATES, "--horizon", "14", "--origins", "3"),
    *("--id-column", "Country", "--id-column", "Category", "--value-column", "Revenue"),
    *("--hierarchy", "--gaps", "zero", "--progress", "json"),
)


def quiet(phase: str, done: int, total: int) -> None:
    """Nobody watches."""


def write_sales(folder: Path) -> Path:
    """The last 140 days of the bundled sales, cut to the countries and categories; quiet days are missing."""
    table = pd.read_csv(SALES)
    chosen = table["Country"].isin(COUNTRIES) & table["Category"].isin(CATEGORIES)
    cut = table[chosen & (table["OrderDate"] >= "2019-02-11")]
    path = folder / "sales.csv"
    cut.sort_values(["Country", "Category", "OrderDate"]).to_csv(path, index=False)
    return path


def long_table(folder: Path, series: Mapping[str, Sequence[float]]) -> Path:
    """Series that end on the same day, as a long table."""
    longest = max(map(len, series.values()))
    rows = [
        (name, moment.date().isoformat(), value)
        for name, values in series.items()
        for moment, value in zip(days(longest - len(values), len(values)), values, strict=True)
    ]
    path = folder / "long.csv"
    pd.DataFrame(rows, columns=["unique_id", "ds", "y"]).to_csv(path, index=False)
    return path
