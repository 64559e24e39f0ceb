"""The Forecast page: a rerun on the server, and the first paint in Chromium."""

from __future__ import annotations

import csv
import json
import shutil
import statistics
from datetime import date, timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from backend.demonstration import DATA
from benchmarks.measurement import Measurement, measurement
from benchmarks.page_session import app_server, page_session

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.page_session import PageSession
    from benchmarks.product import Product

DAYS = 365
RERUNS = 30
PAINTS = 5
BOUND_MS = 150.0
# Places of the options on the page: the range of 365 days; both intervals, and 80 % alone.
YEAR, INTERVALS = 2, (2, 0)
TITLE = "Forecast page"
METHOD = f"""
The app is served as `make run` serves it, with {DAYS} actuals and the demonstration's forecasts of 18
past origins and one ahead. The bundled series has 305 days; its first 60 values are repeated after its
end to make {DAYS}, for this benchmark only. A session speaks Streamlit's own messages: from sending
"rerun" to the last message of the run, {RERUNS} reruns after the page has been drawn, each with another
choice of interval so that the chart is made anew, the median. The first paint is Chromium's own
`first-contentful-paint`, and "chart drawn" the moment the chart's lines are in the page; both from the
start of the navigation, {PAINTS} times with an empty browser cache, the median.
"""

WHERE_THE_TIME_GOES = """
on the server a third goes into making the chart and its JSON (plotly checks every property), the rest is
spread over some thirty elements and small pandas operations. The endpoint isn't asked again, and its
error figures are kept with its forecasts. In Chromium, in loading and starting Streamlit's and plotly's
scripts, which a browser that has been here before takes from its cache.
"""


def measure(product: Product) -> list[Measurement]:
    """Serve the app, rerun the page and open it in the browser."""
    variables = {
        "YOSOKU_WORKSPACE": "local",
        "YOSOKU_DATABASE_URL": "",
        "YOSOKU_STATE_DIR": str(product.application.settings.state_dir),
        "YOSOKU_ACTUALS": str(_year_of_actuals(product.folder)),
    }
    with app_server(variables, product.folder / "app.log") as address:
        with page_session(address) as session:
            first = session.run()
            reruns, size = _reruns(session)
        paints = _paints(address)
    return [
        measurement(f"{TITLE}: rerun on the server", statistics.median(reruns), "ms", bound=BOUND_MS),
        measurement(f"{TITLE}: rerun on the server, 95th percentile", _percentile(reruns), "ms"),
        measurement(f"{TITLE}: first run of a started app, with its imports", first * 1000, "ms"),
        measurement(f"{TITLE}: chart's JSON", size / 1024, "kB"),
        measurement(f"{TITLE}: first paint in Chromium", statistics.median(p for p, _ in paints), "ms"),
        measurement(f"{TITLE}: chart drawn in Chromium", statistics.median(d for _, d in paints), "ms"),
    ]


def _year_of_actuals(folder: Path) -> Path:
    """The bundled series, its first values repeated until a year is full; a column says which is which."""
    with DATA.open(encoding="utf-8", newline="") as source:
        rows = [(row["TransactionDate"], row["PaidAmount"], "observed") for row in csv.DictReader(source)]
    last = date.fromisoformat(rows[-1][0])
    repeated = [
        ((last + timedelta(days=day + 1)).isoformat(), rows[day][1], "repeated for a benchmark")
        for day in range(DAYS - len(rows))
    ]
    path = folder / "year_of_actuals.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows([("TransactionDate", "PaidAmount", "Source"), *rows, *repeated])
    return path


def _reruns(session: PageSession) -> tuple[list[float], int]:
    """Milliseconds of each rerun, and the bytes of the chart."""
    session.choose("forecast_range", YEAR)
    session.run()
    taken = []
    for number in range(RERUNS):
        session.choose("forecast_interval", INTERVALS[number % len(INTERVALS)])
        taken.append(session.run() * 1000)
    [chart] = session.charts()
    longest = max(len(trace.get("x", ())) for trace in json.loads(chart)["data"])
    if longest < DAYS:
        raise RuntimeError(f"the chart has {longest} points in its longest line, not {DAYS}")
    return taken, len(chart)


def _paints(address: str) -> list[tuple[float, float]]:
    """Milliseconds to the first contentful paint and to the drawn chart."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(PAINTS):
            page = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900}).new_page()
            page.goto(address)
            page.locator(".js-plotly-plot .scatterlayer path.js-line").first.wait_for(state="attached")
            drawn = page.evaluate("performance.now()")
            paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
            found.append((float(paint), float(drawn)))
            page.context.close()
        browser.close()
    return found


def _percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
