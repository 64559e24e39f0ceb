"""What a size and an endpoint cost, as an estimate with its date, and what seems not to be used."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import streamlit as st

from backend.errors import YosokuError
from backend.idleness import idle, last_forecasts
from backend.prices import Price, accrued, price_of
from backend.sizing import with_overhead
from dashboard import reads
from dashboard.components.feedback import plain, show_error
from dashboard.session import application

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.services import Endpoint
    from dashboard.i18n import Reader

PRICE_SECONDS = 30.0
IDLE_SECONDS = 30.0


def show_price(reader: Reader, cores: float, memory: float) -> None:
    """Under the size: what the platform adds, and what a day and a month cost."""
    all_cores, all_memory = with_overhead(cores, memory)
    st.caption(reader.t("costs.overhead", cores=f"{all_cores:g}", memory=f"{all_memory:g}"))
    try:
        price = _price()
    except YosokuError as error:
        show_error(reader, error)
        return
    if price is None:
        currency = application().settings.price_currency
        st.caption(reader.t("costs.no_price", currency=currency))
        return
    st.markdown(plain(price_sentence(reader, price, cores, memory)))
    st.caption(plain(basis(reader, price)))


def price_sentence(reader: Reader, price: Price, cores: float, memory: float) -> str:
    """What a day and a month of a size cost in Azure; here nothing."""
    where = "local" if application().settings.workspace == "local" else "azure"
    return reader.t(
        f"costs.estimate.{where}",
        day=money(reader, price.a_day(cores, memory), price.currency),
        month=money(reader, price.a_month(cores, memory), price.currency),
    )


def review_line(reader: Reader, cores: float, memory: float) -> str:
    """What a day of a size costs, for the summary; empty where no price is known."""
    try:
        price = _price()
    except YosokuError:  # step 3 says what is wrong with the table
        return ""
    if price is None:
        return ""
    where = "local" if application().settings.workspace == "local" else "azure"
    day = money(reader, price.a_day(cores, memory), price.currency)
    return reader.t(f"costs.review.{where}", day=day, basis=_short_basis(reader, price))


def basis(reader: Reader, price: Price) -> str:
    """Whose prices these are, of when, and whether anybody compared them with the price list."""
    return reader.t(
        "costs.basis" if price.checked else "costs.basis_unchecked",
        date=reader.date(price.as_of),
        currency=price.currency,
    )


def money(reader: Reader, amount: float, currency: str) -> str:
    """An amount in the currency of the price table; cents while they tell something."""
    digits = 2 if amount < 1000 else 0
    if currency == "USD":
        return reader.money(amount, digits)
    return f"{reader.number(amount, digits)} {currency}"


def cost_line(reader: Reader, endpoint: Endpoint) -> str:
    """What an endpoint has cost since it was made, as one sentence; empty where that can't be told."""
    try:
        price = _price()
    except YosokuError:  # the Deploy page says what is wrong with the table
        return ""
    now = datetime.now(UTC)
    spent = accrued(price, endpoint, now) if price else None
    if price is None or spent is None or endpoint.created is None:
        return ""
    where = "local" if application().settings.workspace == "local" else "azure"
    return reader.t(
        f"costs.accrued.{where}",
        amount=money(reader, spent, price.currency),
        since=reader.moment(endpoint.created),
        basis=_short_basis(reader, price),
        month=money(
            reader, price.a_month(endpoint.cpu_cores or 0.0, endpoint.memory_gb or 0.0), price.currency
        ),
    )


def idle_line(reader: Reader, endpoint: Endpoint) -> str:
    """That an endpoint seems not to be used, and since when; empty for one that is, or that is new."""
    found = idle(endpoint, _last_forecasts(), datetime.now(UTC), application().settings.idle_days)
    if found is None:
        return ""
    if found.last is None:
        return reader.t("costs.idle_never", days=found.days)
    return reader.t("costs.idle_since", days=found.days, moment=reader.moment(found.last))


def show_idle(reader: Reader, endpoints: Sequence[Endpoint]) -> None:
    """On the wall: which endpoints seem not to be used; nothing where all are."""
    days, last, now = application().settings.idle_days, _last_forecasts(), datetime.now(UTC)
    names = [endpoint.name for endpoint in endpoints if idle(endpoint, last, now, days)]
    if names:
        st.caption(
            f":material/bedtime: {plain(reader.t('costs.idle_names', names=reader.join(names), days=days))}"
        )


def _short_basis(reader: Reader, price: Price) -> str:
    key = "costs.estimate_of" if price.checked else "costs.estimate_of_placeholders"
    return reader.t(key, date=reader.date(price.as_of))


@st.cache_data(ttl=PRICE_SECONDS, show_spinner=False)
def _price() -> Price | None:
    try:
        region = reads.facts().location
    except YosokuError:
        region = ""
    return price_of(application().settings, region)


@st.cache_data(ttl=IDLE_SECONDS, show_spinner=False)
def _last_forecasts() -> dict[str, datetime]:
    return last_forecasts(application().history)
