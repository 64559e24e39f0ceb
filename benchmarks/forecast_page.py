"""The Forecast page: a rerun on the server, and the first paint in Chromium."""

from __future__ import annotations

import csv
import itertools
import json
import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from backend.actuals import BUNDLED
from benchmarks.chart_drawing import BROWSERS, VISITS, WARM_FROM, drawn, drawn_under_playwright
from benchmarks.measurement import Measurement, measurement
from benchmarks.page_session import app_server, page_session

if TYPE_CHECKING:
    from benchmarks.page_session import PageSession
    from benchmarks.product import Product

DAYS = 1_826
VINTAGES = 53
BARE = Path(__file__).parent / "bare_page.py"
VIEWERS, RERUNS_EACH = 20, 5
LOOK_SECONDS = 2.0  # how long a viewer looks before choosing again
BOUND_MS, BACKFILL_BOUND_MS, VIEWERS_BOUND_MS = 150.0, 2_000.0, 1_000.0
WARM_BOUND_MS, COLD_BOUND_MS, CHART_BOUND_KB = 1_500.0, 4_000.0, 300.0
# Places of the options on the page: every range, and every interval; the last range is all of the days.
RANGES, INTERVALS, ALL = 4, 3, 3
ACTUALS, OTHER_ACTUALS = "five_years", "five_years_for_viewers"
TITLE = "Forecast page"
METHOD = f"""
The app is served as `make run` serves it, with {DAYS:,} daily actuals and the demonstration's forecasts
of 52 past weeks and one ahead, each 90 days long. The bundled series has 305 days; its values are
repeated after its end to make five years, for this benchmark only. A session speaks Streamlit's own
messages: from sending "rerun" to the last message of the run. "Rerun" is the median over every
combination of range and interval, each once, so that every one makes sentences, tables and chart anew.
"Backfill" is the longest answer of the endpoint that issued the forecasts, and the number of requests is
told by the stored forecasts, which keep the time that their answer took. A choice above the chart runs the
part of the page that the chart is in, as in a browser. {VIEWERS} viewers open the page of another series at
the same moment, each in a session of its own, and then choose another interval every {LOOK_SECONDS:g}
seconds, {RERUNS_EACH} times each, and once more with reruns of the whole page; the 95th percentiles of both
are bounded, that of choices without a pause, {VIEWERS} reruns always under way, is reported. In Chromium,
"chart drawn" is the moment the chart's lines are in the page, from the start of the navigation, the median
of {BROWSERS} browsers: cold with an empty cache, warm from visit {WARM_FROM + 1} to {VISITS}, since Chromium
keeps scripts in compiled form from the second on, in the same tab; a new tab has a process of its own, which
compiles most of them again (reported). The browser is driven by DevTools' commands without its
`Runtime` domain, as a reader has it. "Under Playwright's debugger", which turns that domain on, V8 reads
plotly's script a second time; until 2026-11-22 the bounds were held against those figures, which are
reported. The bare page is one plotly chart of one line and nothing else, opened in turn with ours in the
same run: what Streamlit and plotly take by themselves on this machine.
"""

WHERE_THE_TIME_GOES = """
on the server a third goes into making the charts and their JSON (plotly checks every property), the rest is
spread over some fifty elements and small pandas operations. The endpoint isn't asked again, and what was
measured of its past forecasts is kept with them. In Chromium, loading and starting Streamlit's and plotly's
scripts takes what the bare page takes; the rest is the page's other elements, of which each text takes a few
milliseconds (hence tables and lists in one text each).
"""


def measure(product: Product) -> list[Measurement]:
    """Serve the app, rerun the page, open it in the browser, and let many read it at once."""
    variables = {
        "YOSOKU_WORKSPACE": "local",
        "YOSOKU_DATABASE_URL": "",
        "YOSOKU_STATE_DIR": str(product.application.settings.state_dir),
    }
    found = []
    first_file = {**variables, "YOSOKU_ACTUALS": str(_five_years(product.folder, ACTUALS))}
    with app_server(first_file, product.folder / "app.log") as address:
        found += _one_reader(address)
        with app_server({}, product.folder / "bare.log", BARE) as bare:
            found += _drawing(address, bare)
    found += _backfill(product)
    second_file = {**variables, "YOSOKU_ACTUALS": str(_five_years(product.folder, OTHER_ACTUALS))}
    with app_server(second_file, product.folder / "app.log") as address:
        found += _many_readers(product, address)
    return found


def _one_reader(address: str) -> list[Measurement]:
    """Reruns of one session, and the size of the chart with all days."""
    with page_session(address) as session:
        first = session.run()
        taken, size = _reruns(session)
    name = f"{TITLE}: rerun on the server"
    chart = f"{TITLE}: all five years in the chart, its JSON"
    return [
        measurement(name, statistics.median(taken), "ms", bound=BOUND_MS),
        measurement(f"{name}, 95th percentile", _percentile(taken), "ms"),
        measurement(f"{TITLE}: first run of a started app, with its imports", first * 1000, "ms"),
        measurement(chart, size / 1024, "kB", bound=CHART_BOUND_KB),
    ]


def _drawing(address: str, bare: str) -> list[Measurement]:
    """From the start of the navigation to the chart's lines, of this page and of a bare one."""
    page, floor = drawn(address, bare)
    debugged, debugged_floor = drawn_under_playwright(address, bare)
    name, bare_name = f"{TITLE}: chart drawn in Chromium", f"{TITLE}: a bare page's chart drawn"
    under = "under Playwright's debugger"
    return [
        measurement(f"{name}, warm", page.warm, "ms", bound=WARM_BOUND_MS),
        measurement(f"{bare_name}, warm", floor.warm, "ms"),
        measurement(f"{name}, cold", page.cold, "ms", bound=COLD_BOUND_MS),
        measurement(f"{bare_name}, cold", floor.cold, "ms"),
        measurement(f"{name}, in a new tab of a warm browser", page.new_tab, "ms"),
        measurement(f"{bare_name}, in a new tab of a warm browser", floor.new_tab, "ms"),
        measurement(f"{name}, warm, {under}", debugged.warm, "ms"),
        measurement(f"{bare_name}, warm, {under}", debugged_floor.warm, "ms"),
        measurement(f"{name}, cold, {under}", debugged.cold, "ms"),
        measurement(f"{bare_name}, cold, {under}", debugged_floor.cold, "ms"),
    ]


def _backfill(product: Product) -> list[Measurement]:
    """The request that issued the forecasts of a year of weeks."""
    issued = product.application.history.newest_vintages(product.endpoint.name, ACTUALS)
    if len(issued) != VINTAGES:
        raise RuntimeError(f"there are {len(issued)} forecasts of {ACTUALS}, not {VINTAGES}")
    taken = {one.latency_ms for one in issued}
    return [
        measurement(f"{TITLE}: backfill of 52 weeks", max(taken), "ms", bound=BACKFILL_BOUND_MS),
        measurement(f"{TITLE}: requests of that backfill", len(taken), "requests", bound=1),
    ]


def _many_readers(product: Product, address: str) -> list[Measurement]:
    """Reruns of sessions that are open at once, and what all of them asked of the endpoint."""
    crowd, rush, whole = (_percentile(taken) for taken in _viewers(address))
    issued = product.application.history.newest_vintages(product.endpoint.name, OTHER_ACTUALS)
    asked = len({one.latency_ms for one in issued})
    name = f"{TITLE}: {VIEWERS} viewers"
    return [
        measurement(f"{name}, rerun, 95th percentile", crowd, "ms", bound=VIEWERS_BOUND_MS),
        measurement(f"{name} without a pause, rerun, 95th percentile", rush, "ms"),
        measurement(f"{name}, rerun of the whole page, 95th percentile", whole, "ms", bound=VIEWERS_BOUND_MS),
        measurement(f"{name}, requests to the endpoint", asked, "requests", bound=1),
    ]


def _five_years(folder: Path, name: str) -> Path:
    """The bundled series, its values repeated until five years are full; a column says which is which."""
    with BUNDLED.open(encoding="utf-8", newline="") as source:
        rows = [(row["TransactionDate"], row["PaidAmount"], "observed") for row in csv.DictReader(source)]
    last = date.fromisoformat(rows[-1][0])
    repeated = [
        ((last + timedelta(days=day + 1)).isoformat(), rows[day % len(rows)][1], "repeated for a benchmark")
        for day in range(DAYS - len(rows))
    ]
    path = folder / f"{name}.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows([("TransactionDate", "PaidAmount", "Source"), *rows, *repeated])
    return path


def _reruns(session: PageSession) -> tuple[list[float], int]:
    """Milliseconds of each rerun, and the bytes of the chart with all days."""
    taken, size = [], 0
    for steps in range(RANGES):
        session.choose("forecast_range", steps)
        for interval in range(INTERVALS):
            session.choose("forecast_interval", interval)
            taken.append(session.run() * 1000)
        if steps == ALL:
            chart = max(session.charts(), key=len)
            longest = max(len(trace.get("x", ())) for trace in json.loads(chart)["data"])
            if longest < DAYS:
                raise RuntimeError(f"the chart has {longest} points in its longest line, not {DAYS}")
            size = len(chart)
    return taken, size


def _viewers(address: str) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of the reruns of many sessions that are open at once.

    First of the chart's part with looks between, then without, then of the whole page with looks.
    """
    together = threading.Barrier(VIEWERS)

    def view(number: int) -> tuple[list[float], ...]:
        def turns(look: float, *, whole: bool = False) -> list[float]:
            together.wait()
            time.sleep(look * number / VIEWERS)  # people don't click in step
            return [_choose(session, number + turn, look, whole=whole) for turn in range(RERUNS_EACH)]

        with page_session(address) as session:
            together.wait()
            session.run()
            return turns(LOOK_SECONDS), turns(0.0), turns(LOOK_SECONDS, whole=True)

    with ThreadPoolExecutor(VIEWERS) as pool:
        looking, rush, whole = zip(*pool.map(view, range(VIEWERS)), strict=True)
    flat = itertools.chain.from_iterable
    return list(flat(looking)), list(flat(rush)), list(flat(whole))


def _choose(session: PageSession, turn: int, look: float, *, whole: bool) -> float:
    """Milliseconds of a rerun with another interval, after a look at the page."""
    time.sleep(look)
    session.choose("forecast_interval", turn % INTERVALS)
    return (session.run() if whole else session.run_part()) * 1000


def _percentile(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]
