"""Estimates from a dated table: rows are found, figures add up, and a wrong table names its entry."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput
from backend.prices import BUNDLED_PRICES, Price, accrued, find_price, price_of, read_prices
from backend.services import Endpoint
from backend.settings import Settings

ROW = """
[[price]]
target = "ACI"
region = "japaneast"
currency = "JPY"
cpu_core_second = 0.002
memory_gb_second = 0.0002
as_of = 2026-10-01
checked = true
source = "a test"
"""
YEN = Price("ACI", "japaneast", "JPY", 0.002, 0.0002, date(2026, 10, 1), True, "a test")
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "prices.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_bundled_table_reads_and_says_that_nobody_checked_it() -> None:
    (price,) = read_prices(BUNDLED_PRICES)
    assert (price.region, price.currency) == ("*", "USD")
    assert not price.checked


def test_a_day_and_a_month_count_the_platforms_own_containers() -> None:
    # 1.2 cores and 2 GB.
    assert YEN.a_day(1.0, 1.0) == pytest.approx((1.2 * 0.002 + 2.0 * 0.0002) * 86_400)
    assert YEN.a_month(1.0, 1.0) == pytest.approx(YEN.a_day(1.0, 1.0) * 730 / 24)


def test_a_region_comes_before_any_region(tmp_path: Path) -> None:
    anywhere = ROW.replace("japaneast", "*").replace("0.002", "0.003")
    prices = read_prices(written(tmp_path, anywhere + ROW))
    assert find_price(prices, region="JapanEast", currency="JPY") == YEN
    found = find_price(prices, region="westeurope", currency="JPY")
    assert found is not None
    assert found.cpu_core_second == 0.003
    assert find_price(prices, region="japaneast", currency="EUR") is None


def test_the_settings_choose_table_region_and_currency(tmp_path: Path) -> None:
    path = written(tmp_path, ROW)
    assert price_of(Settings(price_file=path, price_region="japaneast", price_currency="JPY")) == YEN
    assert price_of(Settings(price_file=path, location="japaneast", price_currency="JPY")) == YEN
    assert price_of(Settings(price_file=path, price_currency="JPY"), "japaneast") == YEN
    assert price_of(Settings(price_file=path)) is None


@pytest.mark.parametrize(
    ("old", "new", "entry"),
    [
        ('region = "japaneast"', "region = 3", "region"),
        ("cpu_core_second = 0.002", "cpu_core_second = -1", "cpu_core_second"),
        ("memory_gb_second = 0.0002", 'memory_gb_second = "dear"', "memory_gb_second"),
        ("as_of = 2026-10-01", "", "as_of"),
        ("[[price]]", "[[prices]]", "price"),
    ],
)
def test_a_wrong_table_names_its_entry(tmp_path: Path, old: str, new: str, entry: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_prices(written(tmp_path, ROW.replace(old, new)))
    assert refused.value.code == "prices.entry"
    assert refused.value.details["entry"] == entry


def test_a_table_that_is_no_toml_or_not_there_is_told(tmp_path: Path) -> None:
    for path in (written(tmp_path, "[[price"), tmp_path / "none.toml"):
        with pytest.raises(InvalidInput) as refused:
            read_prices(path)
        assert refused.value.code == "prices.unreadable"


def test_what_has_accrued_since_an_endpoint_was_made() -> None:
    endpoint = Endpoint("demand", "Healthy", cpu_cores=1.0, memory_gb=1.0, created=NOW - timedelta(days=3))
    assert accrued(YEN, endpoint, NOW) == pytest.approx(3 * YEN.a_day(1.0, 1.0))
    assert accrued(YEN, Endpoint("demand", "Healthy", cpu_cores=1.0, memory_gb=1.0), NOW) is None
    assert accrued(YEN, Endpoint("demand", "Healthy", created=NOW), NOW) is None


@given(st.floats(0.1, 3.8), st.floats(0.1, 15), st.floats(-100, 1e7), st.floats(0, 1e7))
def test_a_longer_time_never_costs_less(cores: float, memory: float, one: float, more: float) -> None:
    assert 0 <= YEN.of_seconds(cores, memory, one) <= YEN.of_seconds(cores, memory, one + more)
