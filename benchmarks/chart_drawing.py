"""How long pages take in Chromium until their chart's lines are there, cold and warm."""

from __future__ import annotations

import math
import shutil
import statistics
from dataclasses import dataclass, replace

from playwright.sync_api import ViewportSize, sync_playwright

from benchmarks.undebugged_browser import HEIGHT, WIDTH, browser, new_profile

BROWSERS, VISITS = 5, 5  # profiles with an empty cache, and visits of each
WARM_FROM = 2  # visits before a browser counts as warm
SIZE = ViewportSize(width=WIDTH, height=HEIGHT)
LINES = ".js-plotly-plot .scatterlayer path.js-line"


@dataclass(frozen=True)
class Drawing:
    """Milliseconds from the start of the navigation to the chart's lines, medians.

    `new_tab` is NaN where it wasn't tried.
    """

    cold: float
    warm: float
    new_tab: float = math.nan


def drawn(*addresses: str) -> list[Drawing]:
    """Each address's drawing, opened in turn, in a browser that nobody debugs."""
    visits: list[list[list[float]]] = [[] for _ in addresses]
    new_tabs: list[list[float]] = [[] for _ in addresses]
    with browser() as connection:
        for _ in range(BROWSERS):
            for address, taken, later in zip(addresses, visits, new_tabs, strict=True):
                with new_profile(connection, LINES) as profile:
                    tab = profile.new_tab()
                    taken.append([tab.visit(address) for _ in range(VISITS)])
                    later.append(profile.new_tab().visit(address))
    drawings = [_drawing(taken) for taken in visits]
    return [
        replace(one, new_tab=statistics.median(later)) for one, later in zip(drawings, new_tabs, strict=True)
    ]


def drawn_under_playwright(*addresses: str) -> list[Drawing]:
    """The same under the debugger that Playwright attaches to every page."""
    visits: list[list[list[float]]] = [[] for _ in addresses]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for _ in range(BROWSERS):
            for address, taken in zip(addresses, visits, strict=True):
                page = chromium.new_context(locale="en-US", viewport=SIZE).new_page()
                taken.append([])
                for _ in range(VISITS):
                    page.goto(address)
                    page.locator(LINES).first.wait_for(state="attached")
                    taken[-1].append(float(page.evaluate("performance.now()")))
                    page.goto("about:blank")
                page.context.close()
        chromium.close()
    return [_drawing(taken) for taken in visits]


def _drawing(visits: list[list[float]]) -> Drawing:
    """Medians over browsers: of their first visits, and of all from the one that counts as warm on."""
    return Drawing(
        statistics.median(one[0] for one in visits),
        statistics.median(taken for one in visits for taken in one[WARM_FROM:]),
    )
