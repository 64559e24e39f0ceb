"""One rehearsal's process: started, sent the sample requests, measured, ended."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import psutil

from backend.endpoint import EndpointClient, ScoringTimeout
from backend.errors import EndpointError
from backend.local import limits, service_log
from backend.local.supervised_service import SupervisedService, Tolerances
from backend.process_identity import create_time
from backend.sizing import BYTES_PER_GB, largest_request

if TYPE_CHECKING:
    from backend.jobs import Reporter
    from backend.local.service import ServiceSpecification

Contract = Literal["horizon", "data"]

HORIZONS = (1, 28, 365)
SHOWN_HORIZON = 28  # the one whose answer is kept to be drawn
REPEATS = 10
ENOUGH_SECONDS = 10.0  # of one horizon; a slow script is asked fewer times
READ_SECONDS = 120.0
SAMPLE_SECONDS = 0.05  # between two readings of memory
ANSWER_CHARACTERS = 200_000  # of the answer that is kept
EVIDENCE_CHARACTERS = 4000
# Of this machine's free memory a rehearsal may take so much: it must not end the app.
SPARE_SHARE = 0.8


@dataclass(frozen=True)
class Sample:
    """One horizon's requests; `refused` is the script's own word when it does not answer that horizon."""

    horizon: int
    seconds: float
    slowest_seconds: float
    cpu_seconds: float
    answer_bytes: int
    requests: int
    refused: str = ""


@dataclass(frozen=True)
class Rehearsed:
    """What was seen; `contract` is the form of request that the script took."""

    start_seconds: float
    start_cpu_seconds: float
    peak_memory_bytes: int
    contract: Contract
    samples: tuple[Sample, ...]
    answer: Any
    restarts: int


class NoAnswer(Exception):
    """The script took no form of request; `log` is the end of what it wrote."""

    def __init__(self, reason: str, log: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.log = log


async def rehearse_service(specification: ServiceSpecification, reporter: Reporter) -> Rehearsed:
    """Start the script, send it the sample requests and end it; raises ServiceStartFailed or NoAnswer."""
    service = SupervisedService(specification, Tolerances(), lambda: (), lambda status: None)
    meter = _Meter(service, reporter)
    measuring = asyncio.create_task(meter.run())
    begun = time.monotonic()
    try:
        await service.start()
        start_seconds = time.monotonic() - begun
        start_cpu = meter.cpu_seconds()
        reporter.phase("sample_requests")
        contract, samples, answer = await _ask(service, meter, specification)
        return Rehearsed(
            start_seconds=start_seconds,
            start_cpu_seconds=start_cpu,
            peak_memory_bytes=meter.peak_bytes,
            contract=contract,
            samples=samples,
            answer=answer,
            restarts=service.status().restarts,
        )
    finally:
        measuring.cancel()
        await service.stop()
        reporter.remember(process=None)


def memory_to_spare() -> float:
    """What a rehearsal may use here, GB: what the target has at most, or most of what is free."""
    free = psutil.virtual_memory().available / BYTES_PER_GB * SPARE_SHARE
    return round(min(largest_request()[1], max(free, 0.1)), 2)


class _Meter:
    """Memory and CPU of a service's processes."""

    def __init__(self, service: SupervisedService, reporter: Reporter) -> None:
        self.peak_bytes = 0
        self._service = service
        self._reporter = reporter
        self._told: int | None = None

    async def run(self) -> None:
        """Read the memory until cancelled; it is the reading that ends a process over its limit, too."""
        while True:
            self._service.watch(limits.children_by_parent())
            self._tell_process()
            used = self._service.status().memory_mb or 0.0
            self.peak_bytes = max(self.peak_bytes, int(used * limits.BYTES_PER_MB))
            await asyncio.sleep(SAMPLE_SECONDS)

    def _tell_process(self) -> None:
        """Where the app is killed, its next start ends the process by these."""
        pid = self._service.status().pid
        if pid is not None and pid != self._told:
            self._told = pid
            self._reporter.remember(process=[pid, create_time(pid) or 0.0])

    def cpu_seconds(self) -> float:
        """Seconds of CPU of the service's processes since they were started."""
        pid = self._service.status().pid
        total = 0.0
        with contextlib.suppress(psutil.Error):
            leader = psutil.Process(pid)
            for process in (leader, *leader.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    total += times.user + times.system
        return total


async def _ask(
    service: SupervisedService, meter: _Meter, specification: ServiceSpecification
) -> tuple[Contract, tuple[Sample, ...], Any]:
    client = EndpointClient(
        f"http://127.0.0.1:{service.status().port}/score", None, ScoringTimeout(read=READ_SECONDS)
    )
    contract, problem = await _contract(client)
    if contract is None:
        raise NoAnswer(problem, service_log.tail(specification.log)[-EVIDENCE_CHARACTERS:])
    samples, kept = [], None
    for horizon in HORIZONS:
        sample, answer = await _sample(client, meter, contract, horizon)
        samples.append(sample)
        if not sample.refused and (kept is None or horizon == SHOWN_HORIZON):
            kept = answer if sample.answer_bytes <= ANSWER_CHARACTERS else kept
    return contract, tuple(samples), kept


async def _contract(client: EndpointClient) -> tuple[Contract | None, str]:
    """The form of request that the script takes; its refusal where it takes none."""
    problem = ""
    for contract in ("horizon", "data"):
        body, problem, _ = await _send(client, payload(contract, 1))
        if body is not None:
            return contract, ""
    return None, problem


async def _sample(
    client: EndpointClient, meter: _Meter, contract: Contract, horizon: int
) -> tuple[Sample, Any]:
    """One request that nobody times, since it may load what later ones find loaded, then the timed ones."""
    request = payload(contract, horizon)
    answer, problem, size = await _send(client, request)
    if answer is None:
        return Sample(horizon, 0.0, 0.0, 0.0, 0, 0, refused=problem), None
    taken: list[float] = []
    cpu_before, begun = meter.cpu_seconds(), time.monotonic()
    while len(taken) < REPEATS and (not taken or time.monotonic() - begun < ENOUGH_SECONDS):
        sent = time.perf_counter()
        body, problem, size = await _send(client, request)
        taken.append(time.perf_counter() - sent)
        if body is None:
            return Sample(horizon, 0.0, 0.0, 0.0, 0, len(taken), refused=problem), None
    cpu = max(0.0, meter.cpu_seconds() - cpu_before) / len(taken)
    return Sample(horizon, statistics.median(taken), max(taken), cpu, size, len(taken)), answer


def payload(contract: Contract, horizon: int) -> dict[str, Any]:
    """A sample request of a horizon in one of the two contracts."""
    return {"data": [horizon]} if contract == "data" else {"horizon": horizon, "levels": [80, 95]}


async def _send(client: EndpointClient, request: dict[str, Any]) -> tuple[Any, str, int]:
    """The answer and its size, or None and why not; a script may say its errors in a successful answer."""
    try:
        answer = await asyncio.to_thread(client.score, request)
    except EndpointError as error:
        return None, str(error.details.get("refusal") or error.message), 0
    if isinstance(answer.body, dict) and "error" in answer.body:
        return None, str(answer.body["error"]), 0
    return answer.body, "", len(answer.text)
