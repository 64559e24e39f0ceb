"""Endpoint start to first answer, against an azmlinfsrv with an empty script."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

from backend.local import limits, scoring_process
from benchmarks.measurement import Measurement, measurement
from benchmarks.plain_server import EMPTY, plain_server, wait_for_score
from benchmarks.product import another_revision

if TYPE_CHECKING:
    from backend.local.service import ServiceSpecification
    from benchmarks.product import Product

ROUNDS = 7
BOUND = 1.3
TITLE = "Endpoint start"
METHOD = f"""
From the start of the process to the first 200 of `POST /score`: the demonstration's endpoint (our
launcher, `scoring/score.py`, the trained model) against an `azmlinfsrv` started by its own command with
an empty script, both from the environment of `envs/scoring.yml`. {ROUNDS} rounds, both in turn; the
ratio is the median of the rounds' ratios.
"""
WHERE_THE_TIME_GOES = """
in Python importing the inference server: Flask and gunicorn in gunicorn's master, the rest in the
worker. Our launcher leaves out the exporter of Application Insights unless a service asks for it
(`AML_APP_INSIGHTS_ENABLED`); an `azmlinfsrv` imports it always. What the scoring script adds, importing
numpy and reading the model file, takes less than that saves.
"""
REQUEST = b'{"horizon": 28, "levels": [80, 95]}'


def measure(product: Product) -> list[Measurement]:
    """Start both in turn."""
    specification = another_revision(product, "benchmark")
    _start_plain(product)  # the first of each fills the page cache
    _start_ours(specification)
    plain, ours = [], []
    for _ in range(ROUNDS):
        plain.append(_start_plain(product))
        ours.append(_start_ours(specification))
    ratio = statistics.median(one / floor for one, floor in zip(ours, plain, strict=True))
    return [
        measurement(f"{TITLE}: first answer / empty azmlinfsrv", ratio, "x", bound=BOUND),
        measurement(f"{TITLE}: first answer", statistics.median(ours), "s"),
        measurement(f"{TITLE}: first answer of the empty azmlinfsrv", statistics.median(plain), "s"),
    ]


def _start_plain(product: Product) -> float:
    started = time.perf_counter()
    with plain_server(product.scoring_python, EMPTY, product.folder / "plain") as port:
        wait_for_score(port)
        return time.perf_counter() - started


def _start_ours(specification: ServiceSpecification) -> float:
    started = time.perf_counter()
    process = scoring_process.launch(
        specification,
        cores=limits.cores_for(specification.cpu_cores, {}),
        init_timeout=scoring_process.INIT_TIMEOUT_SECONDS,
        max_body=scoring_process.MAX_BODY_BYTES,
    )
    try:
        wait_for_score(process.record.port, REQUEST)
        return time.perf_counter() - started
    finally:
        asyncio.run(process.end())
