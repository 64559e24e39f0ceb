"""`POST /score`: requests a second, against an azmlinfsrv that returns a constant."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from backend import services
from benchmarks.load import constant_body, require_wrk, send
from benchmarks.measurement import Measurement, measurement
from benchmarks.plain_server import CONSTANT, plain_server, wait_for_score

if TYPE_CHECKING:
    from benchmarks.product import Product

HORIZONS = (1, 28, 365)
CONCURRENCIES = (1, 8)
ROUNDS = 5
SECONDS = 1
BOUND = 0.85
TITLE = "POST /score"
METHOD = f"""
wrk, one thread, sends `{{"horizon": 1 | 28 | 365, "levels": [80, 95]}}` over 1 and over 8 connections to
the demonstration's endpoint, and the same bytes to an `azmlinfsrv` that returns `{{"result": [1.0]}}`;
the same environment, one worker on the same core each. "direct" asks the scoring process at its own
port, as the floor is asked. "gateway" asks the scoring URI, where the workspace checks the key and
passes the request on: that is what clients use, and wrk, the workspace and the scoring process then
share the cores. The script keeps the answers of repeated requests; "new levels" asks for a pair of
levels that was not asked before, so that each answer is made anew. {ROUNDS} rounds of {SECONDS} s a
cell, floor and candidates in turn; a ratio is the median of the rounds' ratios, a rate the median of the
rounds.
"""
WHERE_THE_TIME_GOES = """
in the server: Flask's dispatch is about half of the scoring process's time, reading the request and
writing the answer a third, log lines a tenth; the script itself takes less than a tenth, at horizon 365
most of it for passing on some 60 kB. An `azmlinfsrv` closes each connection after its answer; ours keeps
it, which is why it can be faster than the floor. The gateway adds its own reading of the request and the
comparison of the keys: with one client that comes on top of each request, with eight it goes on beside
the scoring process, as long as there is a core for it.
"""
# Lua that goes through the pairs of whole levels, 98 x 98 of them.
NEW_LEVELS = """
local first, second = {start}, 1
function request()
  second = second + 1
  if second == first then second = second + 1 end
  if second > 99 then
    first = first % 98 + 1
    second = first == 1 and 2 or 1
  end
  return wrk.format(nil, nil, nil, '{{"horizon": 28, "levels": [' .. first .. ', ' .. second .. ']}}')
end
"""


@dataclass(frozen=True)
class Round:
    """One round of one cell; requests a second."""

    floor: float
    direct: float
    gateway: float


def measure(product: Product) -> list[Measurement]:
    """Load the floor and the endpoint in turn, cell by cell."""
    require_wrk()
    cores = psutil.Process(product.scoring_process.pid).cpu_affinity() or ()
    with plain_server(product.scoring_python, CONSTANT, product.folder / "constant", cores=cores) as port:
        wait_for_score(port)
        stand = _Stand(product, port)
        cells: list[list[Measurement]] = []
        for horizon in HORIZONS:
            requests = constant_body(f'{{"horizon": {horizon}, "levels": [80, 95]}}')
            for connections in CONCURRENCIES:
                rounds = [stand.round(requests, connections) for _ in range(ROUNDS)]
                cells.append(_lines(f"horizon {horizon}, concurrency {connections}", rounds))
        by_kind = [line for kind in zip(*cells, strict=True) for line in kind]
        return [*by_kind, *stand.new_levels()]


class _Stand:
    """The three URLs that are loaded in turn."""

    def __init__(self, product: Product, floor_port: int) -> None:
        assert product.endpoint.scoring_uri is not None
        self._folder = product.folder
        self._floor = f"http://127.0.0.1:{floor_port}/score"
        self._direct = f"http://127.0.0.1:{product.scoring_process.port}/score"
        self._gateway = product.endpoint.scoring_uri
        self._key = services.keys(product.application.workspace(), product.endpoint.name).primary

    def round(self, requests: str, connections: int) -> Round:
        """One after the other, each for the same time."""
        return Round(
            self._send(self._floor, requests, connections),
            self._send(self._direct, requests, connections),
            self._send(self._gateway, requests, connections, self._key),
        )

    def new_levels(self) -> list[Measurement]:
        """What a request costs whose answer isn't known yet."""
        ratios = []
        for number in range(ROUNDS):
            requests = NEW_LEVELS.format(start=1 + 18 * number)
            floor = self._send(self._floor, requests, 1)
            direct = self._send(self._direct, requests, 1)
            ratios.append(direct / floor)
        name = f"{TITLE}: direct / constant azmlinfsrv, horizon 28, concurrency 1, new levels"
        return [measurement(name, statistics.median(ratios), "x", better="higher")]

    def _send(self, url: str, requests: str, connections: int, key: str | None = None) -> float:
        return send(
            url, requests, connections=connections, seconds=SECONDS, folder=self._folder, key=key
        ).rate


def _lines(cell: str, rounds: list[Round]) -> list[Measurement]:
    direct = [one.direct / one.floor for one in rounds]
    gateway = [one.gateway / one.floor for one in rounds]
    return [
        measurement(
            f"{TITLE}: direct / constant azmlinfsrv, {cell}",
            statistics.median(direct),
            "x",
            better="higher",
            bound=BOUND,
        ),
        measurement(
            f"{TITLE}: gateway / constant azmlinfsrv, {cell}",
            statistics.median(gateway),
            "x",
            better="higher",
        ),
        _rate("direct", cell, [one.direct for one in rounds]),
        _rate("gateway", cell, [one.gateway for one in rounds]),
        _rate("constant azmlinfsrv", cell, [one.floor for one in rounds]),
    ]


def _rate(what: str, cell: str, rates: list[float]) -> Measurement:
    rate = statistics.median(rates)
    return measurement(f"{TITLE}: {what}, {cell}", rate, "requests/s", better="higher")
