"""Replacing a loaded endpoint behind its stable address: every request is answered."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import requests

from backend import environments, revisions
from backend.demonstration import CPU_CORES, MEMORY_GB
from backend.deployments import DeploymentRequest
from backend.gateway import process as gateway
from backend.gateway.keys import KeyFile
from backend.replacement import start_replacement
from backend.scripts import bundled_script
from benchmarks.measurement import measurement
from benchmarks.open_load import Plan, open_load
from benchmarks.product import finished

if TYPE_CHECKING:
    from benchmarks.measurement import Measurement
    from benchmarks.product import Product

RATE = 50.0
REPLACEMENTS = 2
STEADY_SECONDS = 5.0  # of the same load before, between and after
REPLACING_SECONDS = 300.0
ADDRESS = "benchmark"
PAYLOAD = {"horizon": 28, "levels": [80, 95]}
TITLE = "Replacement under load"
METHOD = f"""
{RATE:g} requests a second ({PAYLOAD["horizon"]} steps each) leave by the clock, whether or not earlier ones
have been answered, at the stable address; meanwhile the endpoint behind it is replaced {REPLACEMENTS} times
by one of another size: made, asked, switched to, drained, and the one that nothing leads to any more deleted.
Every request that left is counted; one that is not answered with 200 is lost. Latency is from the moment a
request should have left.
"""

WHERE_THE_TIME_GOES = """
in the start of the new endpoint and the SDK's calls before it; the switch itself is one row in the history,
which the gateway reads with every request. While the new endpoint starts on the same cores, the old one's
answers take longer.
"""


def measure(product: Product) -> list[Measurement]:
    """Load the address, replace what is behind it, and count."""
    application, endpoint = product.application, product.endpoint
    request = DeploymentRequest(
        service_name=endpoint.name,
        model_name=endpoint.model_name or "",
        model_version=endpoint.model_version or 0,
        script=bundled_script(),
        environment=environments.read(environments.ENVS / environments.OURS),
        cpu_cores=CPU_CORES,
        memory_gb=MEMORY_GB,
    )
    revisions.keep_deployment(application.history, request)
    revisions.create_address(application.history, ADDRESS, endpoint.name)
    # The demonstration's endpoint is for the other benchmarks too: an address of its own keeps it.
    revisions.create_address(application.history, f"{ADDRESS}-keeps", endpoint.name)
    running = gateway.ensure_running(application.settings)
    key = KeyFile(gateway.folder_of(application.settings)).keys().primary
    seconds = []
    try:
        plan = Plan(f"{running.url}/{ADDRESS}/score", key, PAYLOAD, RATE)
        _warm_up(plan)
        with open_load(plan) as answers:
            time.sleep(STEADY_SECONDS)
            for number in range(REPLACEMENTS):
                memory = MEMORY_GB + 0.5 * (number + 1)
                begun = start_replacement(application, ADDRESS, memory_gb=memory)
                job = finished(application, begun, REPLACING_SECONDS)
                if job.error or job.ended is None:
                    raise RuntimeError(f"the replacement failed: {job.error}")
                seconds.append((job.ended - job.started).total_seconds())
                time.sleep(STEADY_SECONDS)
    finally:
        gateway.stop(application.settings)
    rate = answers.sent / answers.seconds
    latencies = statistics.quantiles(answers.latencies, n=100)
    return [
        measurement(f"{TITLE}: requests lost", float(answers.lost), "requests", bound=0.0),
        measurement(f"{TITLE}: requests sent", float(answers.sent), "requests"),
        measurement(f"{TITLE}: sent", rate, "requests/s", better="higher", bound=0.98 * RATE),
        measurement(f"{TITLE}: endpoints that answered", float(len(answers.endpoints)), "endpoints"),
        measurement(f"{TITLE}: a replacement", statistics.median(seconds), "s"),
        measurement(f"{TITLE}: latency p50", latencies[49], "ms"),
        measurement(f"{TITLE}: latency p99", latencies[98], "ms"),
        measurement(f"{TITLE}: slowest answer", max(answers.latencies), "ms"),
    ]


def _warm_up(plan: Plan) -> None:
    """One request, for which the gateway connects to the workspace; that is not the replacement's time."""
    answer = requests.post(
        plan.url,
        json=dict(plan.payload),
        headers={"Authorization": f"Bearer {plan.key}"},
        timeout=REPLACING_SECONDS,
    )
    answer.raise_for_status()
