"""One service under supervision: started, watched, restarted when it ends, given up when it keeps ending."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.local import health, limits, process_record, scoring_process, service_log
from backend.local.scoring_process import ScoringProcess, adopt, launch
from backend.local.service import ServiceSpecification, ServiceStartFailed, ServiceStatus, State
from backend.local.start_failure import StartFailure, describe_exit, diagnose, sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from backend.local.process_record import WorkerDeaths

RESTART_DELAYS = (0.2, 1.0, 3.0)
WITHIN_SECONDS = 60.0
PROBE_SECONDS = 3.0
# Over the launcher's own init() time-out: that one names the place where init() hangs.
_START_GRACE = 15.0


@dataclass(frozen=True)
class Tolerances:
    """Times in seconds and sizes in bytes a service may take."""

    init_timeout: float = scoring_process.INIT_TIMEOUT_SECONDS
    unanswered: float = 400.0
    max_body: int = scoring_process.MAX_BODY_BYTES


class SupervisedService:
    """Keeps one revision running; every method runs on the server's loop."""

    def __init__(
        self,
        specification: ServiceSpecification,
        tolerances: Tolerances,
        choose_cores: Callable[[], Sequence[int]],
        on_change: Callable[[ServiceStatus], None],
    ) -> None:
        self.specification = specification
        self.cores: Sequence[int] = ()
        self._tolerances = tolerances
        self._choose_cores = choose_cores
        self._on_change = on_change
        self._process: ScoringProcess | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._state: State = "Transitioning"
        self._reason = ""
        self._relaunches = 0
        self._deaths = 0
        self._memory: int | None = None
        self._out_of_memory = ""
        self._victim: int | None = None
        self._exits: list[float] = []
        self._log_start = 0

    def status(self) -> ServiceStatus:
        """How it does now."""
        record = self._process.record if self._process else None
        return ServiceStatus(
            name=self.specification.name,
            revision=self.specification.revision,
            state=self._state,
            reason=self._reason,
            port=record.port if record else None,
            pid=record.pid if record else None,
            started_at=record.launched_at if record else None,
            restarts=self._relaunches + self._deaths,
            memory_mb=None if self._memory is None else round(self._memory / limits.BYTES_PER_MB, 1),
        )

    async def start(self) -> None:
        """Launch it and wait until it answers; raises ServiceStartFailed with nothing left behind."""
        try:
            await self._launch()
        except BaseException:
            await self._end()
            raise
        self._keep_on(self._keep())

    def ensure(self) -> None:
        """Adopt the process an earlier workspace left, or start one, in the background."""
        self._process = adopt(self.specification.folder)
        if self._process:
            self._deaths = process_record.worker_deaths(self.specification.folder).deaths
        self._keep_on(self._resume())

    async def stop(self) -> None:
        """End the process; returns when nothing of it is left."""
        await self.release()
        await self._end()

    async def release(self) -> None:
        """Stop watching and leave the process to the next workspace."""
        if self._keeper:
            await _cancel(self._keeper)
            self._keeper = None

    def watch(self, children: Mapping[int, list[int]]) -> None:
        """Look at memory and at workers that ended; called several times a second."""
        process = self._process
        if process is None:
            return
        self._watch_memory(process, children)
        deaths = process_record.worker_deaths(self.specification.folder)
        if deaths.deaths != self._deaths:
            self._deaths = deaths.deaths
            if self._state == "Healthy":
                self._change("Transitioning", self._out_of_memory or deaths.reason)

    def _watch_memory(self, process: ScoringProcess, children: Mapping[int, list[int]]) -> None:
        memory = limits.tree_memory(process.record.pid, children)
        self._memory = sum(one.used for one in memory) or None
        used = limits.exceeded(memory, self.specification.memory_gb)
        if used is None:
            return
        megabytes = round(used / limits.BYTES_PER_MB)
        exceeded = f"scoring process exceeded memory_gb={self.specification.memory_gb:g} ({megabytes} MB)"
        workers = [one for one in memory if one.pid != process.record.pid]
        # During the first start there is nothing to restart for: it would take as much again.
        starting = process.record.healthy_at is None
        largest = max(workers, key=lambda one: one.used, default=None)
        victim = process.record.pid if starting or largest is None else largest.pid
        if victim == self._victim:  # it takes a moment to be gone
            return
        self._victim, self._out_of_memory = victim, exceeded
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        self._say(exceeded + (", ended" if starting else ", restarted"))

    async def _launch(self) -> None:
        """Launch a process and wait for its first answer."""
        self._change("Transitioning", self._reason)
        self._log_start = service_log.size(self.specification.log)
        self._deaths_before_launch()
        self.cores = self._choose_cores()
        self._process = launch(
            self.specification,
            cores=self.cores,
            init_timeout=self._tolerances.init_timeout,
            max_body=self._tolerances.max_body,
        )
        await self._wait_for_answer(self._process)

    def _deaths_before_launch(self) -> None:
        self._relaunches += self._deaths
        self._deaths = 0

    async def _wait_for_answer(self, process: ScoringProcess) -> None:
        """Until the health probe is answered; raises ServiceStartFailed when the process ends or hangs."""
        over = asyncio.create_task(process.exited())
        probe = asyncio.create_task(health.answered(process.record.port))
        try:
            await asyncio.wait(
                {over, probe},
                timeout=self._tolerances.init_timeout + _START_GRACE,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not probe.done():
                raise self._start_failed(over.result() if over.done() else None, hung=not over.done())
        finally:
            await _cancel(over, probe)
        process.mark_healthy()
        self._change("Healthy", "")

    def _start_failed(self, exit_code: int | None, *, hung: bool) -> ServiceStartFailed:
        log = service_log.tail(self.specification.log, since=self._log_start)
        if self._out_of_memory:
            message = sentence(f"{self._out_of_memory} during init()")
            failure = StartFailure("out_of_memory", message, log[-4000:])
        elif hung:
            message = f"init() did not finish within {self._tolerances.init_timeout:g} s."
            failure = StartFailure("init_timeout", message, log[-4000:])
        else:
            failure = diagnose(exit_code, process_record.worker_deaths(self.specification.folder), log)
        return ServiceStartFailed(
            failure.message,
            code=failure.code,
            evidence=failure.evidence,
            service=self.specification.name,
            log=str(self.specification.log),
        )

    async def _resume(self) -> None:
        """After a restart of the workspace: go on with the adopted process, or start one."""
        if self._process and self._process.record.healthy_at is not None:
            await health.first_probe(self._process.record.port)
            # It may be busy and not answer; it may also have ended after it was found.
            if self._process.record.is_alive():
                self._change("Healthy", "")
            await self._keep()
            return
        try:
            if self._process:
                await self._wait_for_answer(self._process)
            else:
                await self._sweep_leftovers()
                await self._launch()
        except ServiceStartFailed as error:
            await self._end()
            self._give_up(error.message)
            return
        await self._keep()

    def _keep_on(self, work: Coroutine[object, object, None]) -> None:
        self._keeper = asyncio.create_task(work)
        self._keeper.add_done_callback(self._keeper_ended)

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """A service that nobody watches any more must not look Healthy."""
        if not keeper.cancelled() and (error := keeper.exception()):
            logging.getLogger(__name__).error(
                "supervision of %s ended", self.specification.name, exc_info=error
            )
            self._change("Unhealthy", "Its supervision ended because of an error; see the workspace's log.")

    async def _sweep_leftovers(self) -> None:
        record = process_record.read(self.specification.folder)
        if record:
            await scoring_process.sweep(record)

    async def _keep(self) -> None:
        """Watch a running process; start it again when it ends, until it ended too often."""
        while self._process:
            prober = asyncio.create_task(self._probe(self._process.record.port))
            try:
                exit_code = await self._process.exited()
            finally:
                await _cancel(prober)
            if not await self._restart(exit_code):
                return

    async def _restart(self, exit_code: int | None) -> bool:
        """Start an ended process again after a pause; False when it is given up."""
        start_error = ""
        while True:
            deaths = process_record.worker_deaths(self.specification.folder)
            self._deaths = deaths.deaths  # the last one may have come after the last look
            crash_loop = deaths.kind == "crash_loop"
            reason = self._why(deaths, exit_code, start_error)
            await self._end()
            now = time.monotonic()
            self._exits = [moment for moment in self._exits if now - moment < WITHIN_SECONDS] + [now]
            if crash_loop or len(self._exits) > len(RESTART_DELAYS):
                self._give_up(reason)
                return False
            delay = RESTART_DELAYS[len(self._exits) - 1]
            self._change("Transitioning", reason)
            self._say(f"{reason}; it is started again in {delay:g} s")
            await asyncio.sleep(delay)
            self._relaunches += 1
            self._out_of_memory = ""
            try:
                await self._launch()
            except ServiceStartFailed as error:
                self._say(f"start failed: {error.message}")
                start_error = error.message
                continue
            return True

    def _why(self, deaths: WorkerDeaths, exit_code: int | None, start_error: str) -> str:
        """Why a process ended, the best known reason first."""
        if self._out_of_memory:
            return self._out_of_memory
        if deaths.kind == "crash_loop":
            return deaths.reason
        return start_error or f"the scoring process {describe_exit(exit_code)}"

    def _give_up(self, reason: str) -> None:
        self._say(f"given up: {reason}")
        self._change("Unhealthy", sentence(reason))

    async def _probe(self, port: int) -> None:
        """Ask for the health every few seconds.

        One worker that computes doesn't answer: no death, so long as the process lives and answered lately.
        """
        answered = time.monotonic()
        while True:
            pause = PROBE_SECONDS if self._state == "Healthy" else 0.05
            await asyncio.sleep(pause)
            try:
                healthy = await health.answers(port, health.PROBE_TIMEOUT)
            except ConnectionRefusedError:
                healthy = False
            now = time.monotonic()
            if healthy:
                answered = now
                self._out_of_memory = ""
                if self._state != "Healthy":
                    self._change("Healthy", "")
            elif self._state == "Healthy" and now - answered > self._tolerances.unanswered:
                self._change("Unhealthy", f"It has not answered for {now - answered:.0f} s.")

    async def _end(self) -> None:
        process, self._process = self._process, None
        self._memory = None
        self.cores = ()
        if process:
            await process.end()

    def _say(self, line: str) -> None:
        service_log.append(self.specification.log, line)

    def _change(self, state: State, reason: str) -> None:
        if (state, reason) != (self._state, self._reason):
            self._state, self._reason = state, reason
            self._on_change(self.status())


async def _cancel(*tasks: asyncio.Task[None] | asyncio.Task[int | None]) -> None:
    """Cancel tasks and wait until they are over, without taking our own cancellation for theirs."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
