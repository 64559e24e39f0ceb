"""The Endpoints page of a large workspace: its first data, and its refresh for many viewers."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from backend import environments, models, services
from backend.deployments import DeploymentRequest, start_deployment
from backend.scripts import bundled_script
from benchmarks.measurement import Measurement, measurement
from benchmarks.page_session import app_server, page_session
from benchmarks.product import finished

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.product import Product

SERVICES, MODELS = 100, 1_000
VIEWERS, REFRESHES, ROUNDS = 20, 5, 5
NAME, CARD, PAGE = "wall", "card_", "endpoints"
CPU_CORES, MEMORY_GB = 0.1, 0.5
STARTING_SECONDS = 900.0
STALE_SECONDS = 50.0  # after this the page shows nothing that it read before
FIRST_BOUND_MS, REFRESH_BOUND_MS = 1_000.0, 200.0
TITLE = "Endpoints page"
METHOD = f"""
{SERVICES} services, each a process of its own with the bundled model, and {MODELS:,} registered model
versions in the local workspace. "First data" is the run of the page for a reader who comes when nothing that
was read before may be shown any more: from the request to the last message, the lists read from the workspace
through the Azure ML SDK, the median of {ROUNDS}. "Refresh" is the wall's own part of the page, as its timer
runs it every three seconds; the median of {REFRESHES} each of {VIEWERS} viewers, whose timers don't run in
step. The lists alone are read through the SDK in this process.
"""

WHERE_THE_TIME_GOES = """
in reading the list of services: the SDK asks for each page of it and makes an object of each service; and in
the cards, of which each is some eight elements. Viewers share what was read: who comes while it is fresh
waits for nobody.
"""


def measure(product: Product) -> list[Measurement]:
    """Fill the workspace, read its lists and open the page; the workspace is emptied again."""
    workspace = product.application.workspace()
    _register(product)
    names = [f"{NAME}-{number:03}" for number in range(SERVICES - len(services.list_endpoints(workspace)))]
    try:
        _deploy(product, names)
        listing = _seconds_of(lambda: services.list_endpoints(workspace))
        registry = _seconds_of(lambda: models.list_models(workspace))
        first, refreshes = _read_page(product)
    finally:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: services.delete_endpoint(workspace, name), names))
    return [
        measurement(f"{TITLE}: first data", statistics.median(first) * 1000, "ms", bound=FIRST_BOUND_MS),
        measurement(f"{TITLE}: slowest first data", max(first) * 1000, "ms"),
        measurement(
            f"{TITLE}: refresh on the server",
            statistics.median(refreshes) * 1000,
            "ms",
            bound=REFRESH_BOUND_MS,
        ),
        measurement(
            f"{TITLE}: refresh, 95th percentile", statistics.quantiles(refreshes, n=20)[-1] * 1000, "ms"
        ),
        measurement(f"{TITLE}: list of services through the SDK", listing * 1000, "ms"),
        measurement(f"{TITLE}: list of models through the SDK", registry * 1000, "ms"),
    ]


def _register(product: Product) -> None:
    """Fill the registry with versions of one small file."""
    from azureml.core import Model

    workspace = product.application.workspace()
    path = product.folder / "small.json"
    path.write_text("{}")
    count = MODELS - len(models.list_models(workspace))

    def register(number: int) -> None:
        Model.register(workspace, model_path=path.name, model_name=f"series-{number % 200:03}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(register, range(count)))


def _deploy(product: Product, names: list[str]) -> None:
    application = product.application
    script, specification = bundled_script(), environments.read(environments.ENVS / environments.OURS)
    jobs = [
        start_deployment(
            application,
            DeploymentRequest(
                service_name=name,
                model_name=product.endpoint.model_name or "",
                model_version=product.endpoint.model_version or 0,
                script=script,
                environment=specification,
                cpu_cores=CPU_CORES,
                memory_gb=MEMORY_GB,
            ),
        )
        for name in names
    ]
    for job in jobs:
        ended = finished(application, job, STARTING_SECONDS)
        if ended.error:
            raise RuntimeError(f"{ended.subject} failed: {ended.error.message}\n{ended.error.evidence}")


def _read_page(product: Product) -> tuple[list[float], list[float]]:
    """Seconds of first data, and of refreshes of viewers that are there at once."""
    variables = {
        "YOSOKU_WORKSPACE": "local",
        "YOSOKU_DATABASE_URL": "",
        "YOSOKU_STATE_DIR": str(product.application.settings.state_dir),
    }
    with app_server(variables, product.folder / "app.log") as address:
        with page_session(address, PAGE) as session:
            session.run()  # with the imports of a started app
        first = []
        for _ in range(ROUNDS):
            time.sleep(STALE_SECONDS)
            with page_session(address, PAGE) as session:
                first.append(session.run())
                if (cards := session.containers(CARD)) != SERVICES:
                    raise RuntimeError(f"the page shows {cards} cards, not {SERVICES}")
        with ThreadPoolExecutor(VIEWERS) as pool:
            found = pool.map(lambda number: _refreshes(address, number), range(VIEWERS))
            return first, [seconds for viewer in found for seconds in viewer]


def _refreshes(address: str, number: int) -> list[float]:
    interval = 3.0
    with page_session(address, PAGE) as session:
        session.run()
        time.sleep(interval * number / VIEWERS)
        found = []
        for _ in range(REFRESHES):
            time.sleep(interval)
            found.append(session.refresh(CARD))
        return found


def _seconds_of(read: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        read()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)
