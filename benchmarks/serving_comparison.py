"""The scoring endpoint beside MLflow, BentoML and FastAPI, all with the same ARIMA."""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.load import Load, constant_body, require_wrk, send
from benchmarks.measurement import Measurement, measurement
from benchmarks.peer_environment import PeerUnavailable
from benchmarks.performance_page import CELL
from benchmarks.product import another_revision
from benchmarks.scoring_throughput import NEW_LEVELS
from benchmarks.serving_model import train, write_for_peers
from benchmarks.serving_peer_servers import PEERS
from benchmarks.serving_servers import Endpoint, first_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.measurement import Better
    from benchmarks.product import Product
    from benchmarks.serving_peer_servers import Peer
    from benchmarks.serving_servers import RunningServer, Server

HORIZONS = (1, 28, 365)
CONCURRENCIES = (1, 8)
LOADS = tuple((horizon, connections) for horizon in HORIZONS for connections in CONCURRENCIES)
HARDEST = LOADS[-1]
STARTS = 3
ROUNDS = 5
SECONDS = 1
TOLERANCE = 1e-6
BEST_BOUND = 10.0
TITLE = "Other model servers"
METHOD = f"""
The course's ARIMA(2,0,2), trained once by `scoring.train` on the bundled series, behind four servers that
answer with means and limits at 80 and 95 %. Ours is a scoring process as the local workspace launches it,
asked at its own port. The peers load the same model as statsmodels saves it and call its `get_forecast` for
each request: MLflow's pyfunc server (`mlflow models serve`, a model from code), BentoML (`bentoml serve`),
and a FastAPI app on uvicorn, with uvloop and httptools, without access log, its answer declared as a pydantic
model, which FastAPI's documentation names as the fastest. Each is in an environment of its own
(`benchmarks/peers/`) and has one worker, the default of all four; ours is held to one core, the peers may use
all. In the peers' favour, their model and answers carry no dates, which statsmodels takes time for, and
their BLAS has one thread.

All four first have to answer the same figures to {TOLERANCE:g}. Then one runs at a time: from the start of
its process to its first answer, the median of {STARTS} after a start that doesn't count; then wrk, one
thread, {ROUNDS} rounds of {SECONDS} s a cell, the medians of the rates and of the 95th percentiles; then the
memory that only its processes use (unique set sizes, added up). A ratio is ours over the peer's. Ours makes
the forecast once, when it starts, and keeps the answers of repeated requests; "new levels" asks for a pair of
levels that was not asked before, so that each answer is made anew from that forecast.
"""
WHERE_THE_TIME_GOES = """
with the peers, in statsmodels: nine tenths of a request to FastAPI at horizon 1, where half of it makes a new
model object, and more at 365, where most of it copies what the Kalman filter left. With ours, in the
inference server: two thirds in Flask, an eighth in log lines, a tenth in reading the request and a tenth in
sending the answer; the script takes a fifteenth. The peers' start and memory are mostly pandas and
statsmodels, which ours doesn't import, and with MLflow and BentoML a second process of the same size.
"""


class FiguresDiffer(Exception):
    """A peer answers other figures than ours: what is compared would not be the same work."""


@dataclass(frozen=True)
class Figure:
    """One thing a server was measured at."""

    value: float
    unit: str
    better: Better


def measure(product: Product) -> list[Measurement]:
    """Start, load and end one server after the other; nothing when no peer's environment can be had."""
    require_wrk()
    folder = product.folder / "serving"
    folder.mkdir()
    model_dir = train(folder / "model")
    model = folder / "arima.json"
    write_for_peers(model_dir, model)
    ours, peers = Endpoint(another_revision(product, "serving", model_dir)), available_peers(model, folder)
    if not peers:
        return []
    check_figures(ours, peers)
    own = _figures_of(ours, folder)
    others = {peer.name: _figures_of(peer, folder) for peer in peers}
    hardest = _rate_of(HARDEST)
    best = max(figures[hardest].value for figures in others.values())
    return [
        *ratios(ours.name, own, others),
        _over_best(f"{ours.name} / the best of them, {hardest}", own[hardest].value / best, BEST_BOUND),
        _over_best(
            f"{ours.name} with new levels / the best of them, {hardest}", _rate_anew(ours, folder) / best
        ),
        *(
            measurement(f"{TITLE}: {what}{CELL}{name}", one.value, one.unit, better=one.better)
            for name, figures in {ours.name: own, **others}.items()
            for what, one in figures.items()
        ),
    ]


def available_peers(model: Path, folder: Path) -> list[Peer]:
    """The peers whose environments are there or can be built; each other one is named with the reason."""
    found = []
    for prepare in PEERS:
        try:
            found.append(prepare(model, folder / prepare.__name__))
        except PeerUnavailable as error:
            print(f"Skipped in this comparison: {error}", file=sys.stderr)
    return found


def check_figures(ours: Endpoint, peers: Sequence[Peer]) -> None:
    """Raise FiguresDiffer unless all answer the same figures; each server's first, slow start happens here.

    Our limits end at zero, below which the series can't go; the peers' are cut there for the comparison.
    """
    expected = np.concatenate(_figures(ours))
    for peer in peers:
        difference = np.abs(np.maximum(np.concatenate(_figures(peer)), 0.0) - expected).max()
        if not difference <= TOLERANCE:
            raise FiguresDiffer(f"{peer.name}'s figures differ from ours by up to {difference:g}")


def ratios(
    name: str, ours: Mapping[str, Figure], peers: Mapping[str, Mapping[str, Figure]]
) -> list[Measurement]:
    """Each of our figures over each peer's; the bound is to be ahead."""
    return [
        measurement(
            f"{TITLE}: {name} / {peer}, {what}",
            one.value / figures[what].value,
            "x",
            better=one.better,
            bound=1.0,
        )
        for peer, figures in peers.items()
        for what, one in ours.items()
    ]


def _over_best(what: str, ratio: float, bound: float | None = None) -> Measurement:
    return measurement(f"{TITLE}: {what}", ratio, "x", better="higher", bound=bound)


def _figures_of(server: Server, folder: Path) -> dict[str, Figure]:
    """Start it some times, load it the last time, and look at its memory then."""
    starts: list[float] = []
    for _ in range(STARTS - 1):
        with server.run() as running:
            starts.append(_first_answer_after(server, running))
    with server.run() as running:
        starts.append(_first_answer_after(server, running))
        loads = {cell: _load(server, running, cell, folder) for cell in LOADS}
        memory = running.memory()
    return {
        "start to first answer": Figure(statistics.median(starts), "s", "lower"),
        "memory after the load": Figure(memory, "MB", "lower"),
        **{_rate_of(cell): Figure(one.rate, "requests/s", "higher") for cell, one in loads.items()},
        **{f"p95, {_words(cell)}": Figure(one.p95, "ms", "lower") for cell, one in loads.items()},
    }


def _first_answer_after(server: Server, running: RunningServer) -> float:
    first_answer(server, running, HORIZONS[0])
    return time.perf_counter() - running.started


def _load(server: Server, running: RunningServer, cell: tuple[int, int], folder: Path) -> Load:
    horizon, connections = cell
    url = f"http://127.0.0.1:{running.port}{server.path}"
    body = constant_body(server.body(horizon))
    rounds = [send(url, body, connections=connections, seconds=SECONDS, folder=folder) for _ in range(ROUNDS)]
    return Load(statistics.median(one.rate for one in rounds), statistics.median(one.p95 for one in rounds))


def _rate_anew(ours: Endpoint, folder: Path) -> float:
    """Requests a second of the hardest cell when no answer was given before."""
    with ours.run() as running:
        first_answer(ours, running, HORIZONS[0])
        url = f"http://127.0.0.1:{running.port}{ours.path}"
        requests = NEW_LEVELS.replace('"horizon": 28', f'"horizon": {HORIZONS[-1]}')
        return statistics.median(
            send(
                url,
                requests.format(start=1 + 18 * number),
                connections=CONCURRENCIES[-1],
                seconds=SECONDS,
                folder=folder,
            ).rate
            for number in range(ROUNDS)
        )


def _figures(server: Server) -> list[np.ndarray]:
    with server.run() as running:
        answers = [first_answer(server, running, horizon) for horizon in HORIZONS]
    return [server.figures(json.loads(answer)) for answer in answers]


def _rate_of(cell: tuple[int, int]) -> str:
    return f"requests a second, {_words(cell)}"


def _words(cell: tuple[int, int]) -> str:
    horizon, connections = cell
    return f"horizon {horizon}, concurrency {connections}"
