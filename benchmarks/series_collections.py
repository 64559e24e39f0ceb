"""The series that forecasts are compared on: real ones, in three collections, each with its test origins."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from backend.settings import PROJECT_ROOT
from scoring.frequency import frequency_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

Collection = Literal["adventureworks-sales", "public", "statsmodels"]
FrequencyName = Literal["D", "MS", "QS-JAN", "YS-JAN"]
Values: TypeAlias = "NDArray[np.float64]"

SALES = PROJECT_ROOT / "data" / "adventureworks_sales_daily.csv"
PUBLIC = PROJECT_ROOT / "benchmarks" / "data"
ORIGINS = 3

_SEASON: dict[FrequencyName, int] = {"D": 7, "MS": 12, "QS-JAN": 4, "YS-JAN": 1}
_HORIZON: dict[FrequencyName, int] = {"D": 28, "MS": 12, "QS-JAN": 8, "YS-JAN": 8}
# Between two origins: whole horizons on daily series, half of one where the series are short.
_STEP: dict[FrequencyName, int] = {"D": 28, "MS": 6, "QS-JAN": 4, "YS-JAN": 4}
_PUBLIC_FREQUENCIES: dict[str, FrequencyName] = {
    "air_passengers": "MS",
    "pedestrians_covid": "D",
    "retail_sales": "MS",
    "wp_log_R": "D",
    "wp_log_peyton_manning": "D",
}
_MACRODATA = (
    *("realgdp", "realcons", "realinv", "realgovt", "realdpi", "cpi"),
    *("m1", "tbilrate", "unemp", "pop", "infl", "realint"),
)
_DANISH_DATA = ("lrm", "lry", "lpy", "ibo", "ide")
_INTEREST_INFLATION = ("Dp", "R")


@dataclass(frozen=True, eq=False)
class BenchmarkSeries:
    """A series without gaps: `values` (n,), interpolated where `observed` (n,) is false."""

    name: str
    collection: Collection
    frequency: FrequencyName
    start: datetime
    values: Values
    observed: NDArray[np.bool_]

    @property
    def season(self) -> int:
        """Steps in a season; 1 for none."""
        return _SEASON[self.frequency]

    @property
    def horizon(self) -> int:
        """Steps that are forecast from each origin."""
        return _HORIZON[self.frequency]

    @property
    def origins(self) -> tuple[int, ...]:
        """Rows that a forecast may see, for each of the last origins whose full horizon is there."""
        last = self.values.size - self.horizon
        step = _STEP[self.frequency]
        return tuple(last - step * back for back in reversed(range(ORIGINS)))

    @property
    def interpolated(self) -> int:
        """How many values were not observed."""
        return int((~self.observed).sum())

    def moments(self) -> list[datetime]:
        """The dates (n,)."""
        calendar = frequency_of(self.frequency)
        first = calendar.place(self.start)
        return [calendar.moment(first + step) for step in range(self.values.size)]


def all_series() -> list[BenchmarkSeries]:
    """Every series, collection by collection."""
    return [*adventureworks_sales(), *public_series(), *statsmodels_series()]


def adventureworks_sales() -> list[BenchmarkSeries]:
    """Daily revenue (USD) of 6 countries x 3 categories; a day without a row is a day without sales.

    A series begins with its first sale, as in the M5 competition: before it the category was not on offer.
    """
    table = pd.read_csv(SALES, parse_dates=["OrderDate"])
    last = table["OrderDate"].max()
    found = []
    for (country, category), cell in table.groupby(["Country", "Category"], sort=True):
        revenue = cell.set_index("OrderDate")["Revenue"]
        days = pd.date_range(revenue.index.min(), last, freq="D")
        values = revenue.reindex(days, fill_value=0.0)
        found.append(_series(f"{country} {category}", "adventureworks-sales", "D", values))
    return found


def public_series() -> list[BenchmarkSeries]:
    """The five series of benchmarks/data; missing days are interpolated linearly."""
    found = []
    for name, frequency in _PUBLIC_FREQUENCIES.items():
        table = pd.read_csv(PUBLIC / f"{name}.csv", parse_dates=["ds"])
        found.append(_series(name, "public", frequency, table.set_index("ds")["y"].sort_index()))
    return found


def statsmodels_series() -> list[BenchmarkSeries]:
    """The 24 series in time that ship inside statsmodels; monthly, quarterly and annual."""
    return [_series(name, "statsmodels", frequency, values) for name, frequency, values in _shipped()]


def _shipped() -> Iterator[tuple[str, FrequencyName, pd.Series[float]]]:
    # Weekly, with missing weeks; the month is what the others of its kind are published by.
    yield "co2", "MS", _table("co2")["co2"].resample("MS").mean()
    # From when monthly counts exist; and the dates of all the years are further apart than Prophet can count.
    sunspots = _table("sunspots").query("YEAR >= 1749")
    nile, elnino = _table("nile"), _table("elnino")
    yield "sunspots", "YS-JAN", _from_year(sunspots["SUNACTIVITY"], sunspots["YEAR"], "YS-JAN")
    yield "nile", "YS-JAN", _from_year(nile["volume"], nile["year"], "YS-JAN")
    months = pd.Series(elnino.drop(columns="YEAR").to_numpy(dtype=float).ravel())
    yield "elnino", "MS", _from_year(months, elnino["YEAR"], "MS")
    yield "elec_equip", "MS", _table("elec_equip").iloc[:, 0]
    macrodata = _table("macrodata")
    for column in _MACRODATA:
        yield f"macrodata {column}", "QS-JAN", _from_year(macrodata[column], macrodata["year"], "QS-JAN")
    danish_data = _table("danish_data")
    for column in _DANISH_DATA:
        yield f"danish_data {column}", "QS-JAN", danish_data[column]
    rates = _table("interest_inflation")
    for column in _INTEREST_INFLATION:
        quarters = rates[column].set_axis(pd.date_range("1972-04-01", periods=len(rates), freq="QS-JAN"))
        yield f"interest_inflation {column}", "QS-JAN", quarters


def _table(name: str) -> pd.DataFrame:
    module = importlib.import_module(f"statsmodels.datasets.{name}")
    table: pd.DataFrame = module.load_pandas().data
    return table


def _from_year(
    values: pd.Series[float], years: pd.Series[float], frequency: FrequencyName
) -> pd.Series[float]:
    first = datetime(int(years.iloc[0]), 1, 1)
    return values.set_axis(pd.date_range(first, periods=len(values), freq=frequency, unit="s"))


def _series(
    name: str, collection: Collection, frequency: FrequencyName, values: pd.Series[float]
) -> BenchmarkSeries:
    """A series on the calendar of its frequency, what is missing interpolated between its neighbours."""
    values = values.astype(float).asfreq(frequency)
    return BenchmarkSeries(
        name=name,
        collection=collection,
        frequency=frequency,
        start=values.index[0].to_pydatetime(),
        values=np.asarray(values.interpolate(), dtype=np.float64),
        observed=np.asarray(values.notna(), dtype=np.bool_),
    )
