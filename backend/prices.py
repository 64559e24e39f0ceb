"""What an endpoint costs, estimated from a dated price table that anybody can edit."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backend.errors import InvalidInput
from backend.sizing import with_overhead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.services import Endpoint
    from backend.settings import Settings

BUNDLED_PRICES = Path(__file__).with_name("prices.toml")
SECONDS_A_DAY = 86_400
HOURS_A_MONTH = 730  # a year's hours by twelve, as Azure's own calculator counts
ANY_REGION = "*"


@dataclass(frozen=True)
class Price:
    """The price of a core and of a GB for a second; `checked` is whether somebody compared it with a list."""

    target: str
    region: str
    currency: str
    cpu_core_second: float
    memory_gb_second: float
    as_of: date
    checked: bool
    source: str

    def of_seconds(self, cpu_cores: float, memory_gb: float, seconds: float) -> float:
        """What a size costs for a time, with the platform's own containers beside it."""
        cores, memory = with_overhead(cpu_cores, memory_gb)
        return (cores * self.cpu_core_second + memory * self.memory_gb_second) * max(0.0, seconds)

    def a_day(self, cpu_cores: float, memory_gb: float) -> float:
        """What a size costs in a day."""
        return self.of_seconds(cpu_cores, memory_gb, SECONDS_A_DAY)

    def a_month(self, cpu_cores: float, memory_gb: float) -> float:
        """What a size costs in a month of 730 hours."""
        return self.of_seconds(cpu_cores, memory_gb, HOURS_A_MONTH * 3600)


def read_prices(path: Path) -> tuple[Price, ...]:
    """The rows of a price table; InvalidInput names the row and the entry that can't be read."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(
            f"The price table {path.name} can't be read: {error}",
            field="price_file",
            code="prices.unreadable",
            file=path.name,
            evidence=str(error),
        ) from error
    rows = document.get("price")
    if not isinstance(rows, list):
        raise _wrong(path, 0, "price")
    return tuple(_price(path, number, row) for number, row in enumerate(rows, start=1))


def find_price(prices: Sequence[Price], *, region: str, currency: str, target: str = "ACI") -> Price | None:
    """The row of a region, else the one of any region; None when the table has none in that currency."""
    having = [price for price in prices if (price.target, price.currency) == (target, currency)]
    exact = (price for price in having if price.region.lower() == region.lower())
    anywhere = (price for price in having if price.region == ANY_REGION)
    return next(exact, None) or next(anywhere, None)


def price_of(settings: Settings, region: str = "") -> Price | None:
    """The price by the settings' table, region and currency; `region` is the workspace's own.

    Raises InvalidInput when the table can't be read.
    """
    return find_price(
        read_prices(settings.price_file or BUNDLED_PRICES),
        region=settings.price_region or settings.location or region,
        currency=settings.price_currency,
    )


def accrued(price: Price, endpoint: Endpoint, now: datetime) -> float | None:
    """What an endpoint has cost since it was made; None when its size or its beginning isn't known."""
    if endpoint.created is None or endpoint.cpu_cores is None or endpoint.memory_gb is None:
        return None
    return price.of_seconds(endpoint.cpu_cores, endpoint.memory_gb, (now - endpoint.created).total_seconds())


def _price(path: Path, number: int, row: Any) -> Price:
    if not isinstance(row, dict):
        raise _wrong(path, number, "price")
    return Price(
        target=_text(path, number, row, "target"),
        region=_text(path, number, row, "region"),
        currency=_text(path, number, row, "currency"),
        cpu_core_second=_amount(path, number, row, "cpu_core_second"),
        memory_gb_second=_amount(path, number, row, "memory_gb_second"),
        as_of=_day(path, number, row),
        checked=row.get("checked") is True,
        source=_text(path, number, row, "source"),
    )


def _text(path: Path, number: int, row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value:
        raise _wrong(path, number, name)
    return value


def _amount(path: Path, number: int, row: Mapping[str, Any], name: str) -> float:
    value = row.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1:
        raise _wrong(path, number, name)
    return float(value)


def _day(path: Path, number: int, row: Mapping[str, Any]) -> date:
    value = row.get("as_of")
    if not isinstance(value, date) or isinstance(value, datetime):
        raise _wrong(path, number, "as_of")
    return value


def _wrong(path: Path, number: int, name: str) -> InvalidInput:
    return InvalidInput(
        f"The price table {path.name} is wrong: row {number}, entry {name}.",
        field="price_file",
        code="prices.entry",
        file=path.name,
        row=number,
        entry=name,
    )
