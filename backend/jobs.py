"""Long work off the page's thread: it goes on when the page is closed, and is found again after a restart."""

from __future__ import annotations

import logging
import os
import threading
import uuid
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from backend.errors import Conflict, YosokuError
from backend.phases import PhaseEvent
from backend.process_identity import create_time, is_alive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Row

    from backend.history import History
    from backend.phases import AnyPhase

logger = logging.getLogger(__name__)

JobKind = Literal["deploy", "demonstration", "train", "brief", "rehearse", "replace"]
JobState = Literal["running", "succeeded", "failed", "interrupted", "cancelled"]
WORKERS = 4
LINES_KEPT = 200


@dataclass(frozen=True)
class JobError:
    """Why a job failed, in the words of `backend.errors`."""

    code: str
    message: str
    evidence: str
    details: Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """A long operation as it stands; moments in UTC."""

    id: str
    kind: JobKind
    subject: str
    state: JobState
    started: datetime
    ended: datetime | None
    events: tuple[PhaseEvent, ...]
    lines: tuple[str, ...]
    error: JobError | None
    result: Mapping[str, Any]


class Reporter:
    """How work tells where it is; every report is stored at once, so that any page can read it."""

    def __init__(self, history: History, job: Job, closing: threading.Event) -> None:
        self._history = history
        self._closing = closing
        self._job_id = job.id
        self._events = list(job.events)
        self._lines = list(job.lines)
        self._result = dict(job.result)
        self._lock = threading.Lock()

    @property
    def job_id(self) -> str:
        """The job that reports."""
        return self._job_id

    def phase(self, phase: AnyPhase, message: str = "") -> None:
        """A phase begins now; reporting the one that runs already changes nothing."""
        with self._lock:
            if any(event.phase == phase for event in self._events):
                return
            self._events.append(PhaseEvent(phase, datetime.now(UTC), message))
            self._history.change_job(self._job_id, events=[_event_row(event) for event in self._events])

    def line(self, text: str) -> None:
        """A line of progress; the last two hundred are kept."""
        with self._lock:
            self._lines = [*self._lines, text][-LINES_KEPT:]
            self._history.change_job(self._job_id, lines=self._lines)

    def remember(self, **values: Any) -> None:
        """Facts by which the work can be found again, or its result."""
        with self._lock:
            self._result |= values
            self._history.change_job(self._job_id, result=self._result)

    def pause(self, seconds: float) -> bool:
        """Wait between two looks at something that can't be awaited; True when the application closes."""
        return self._closing.wait(seconds)

    def is_stopping(self) -> bool:
        """Whether the work should end before it is done."""
        return self._closing.is_set() or self._history.is_cancelled(self._job_id)

    def check(self) -> None:
        """Leave the work where it should end: raises ClosingError or CancelledError."""
        if self._closing.is_set():
            raise ClosingError
        self.check_wanted()

    def check_wanted(self) -> None:
        """Raise CancelledError when somebody asked for the work's end.

        For work that a closing application must bring to where the next one finds it.
        """
        if self._history.is_cancelled(self._job_id):
            raise CancelledError


class Jobs:
    """Runs work in threads and keeps its state in the history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="job")
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, futures.Future[None]] = {}

    def submit(self, kind: JobKind, subject: str, work: Callable[[Reporter], Mapping[str, Any]]) -> Job:
        """Begin work on a subject; Conflict while another job of that kind works on it."""
        with self._lock:
            if any(job.subject == subject and job.kind == kind for job in self.running()):
                raise Conflict(
                    f"Another operation on {subject} is still running.",
                    code="job.running",
                    subject=subject,
                )
            job = Job(uuid.uuid4().hex, kind, subject, "running", datetime.now(UTC), None, (), (), None, {})
            self._history.add_job(
                {
                    "id": job.id,
                    "kind": kind,
                    "subject": subject,
                    "state": job.state,
                    "owner": _owner(),
                    "started": job.started,
                    "events": [],
                    "lines": [],
                    "result": {},
                }
            )
        self._start(job, work)
        return job

    def resume(self, job: Job, work: Callable[[Reporter], Mapping[str, Any]]) -> None:
        """Go on with a job whose process ended."""
        self._history.change_job(job.id, owner=_owner())
        self._start(job, work)

    def interrupt(self, job: Job) -> None:
        """Say that a job ended with its process, and can't be gone on with."""
        error = JobError(
            "job.interrupted",
            "The application was stopped while this was running.",
            "",
            {"subject": job.subject},
        )
        self._end(job.id, "interrupted", error)

    def cancel(self, job: Job) -> None:
        """Ask a job to end, in whichever process it runs; work that can be cancelled looks for it."""
        self._history.ask_to_cancel(job.id)

    def is_cancelled(self, job: Job) -> bool:
        """Whether somebody asked for a job's end."""
        return self._history.is_cancelled(job.id)

    def wait(self, job: Job) -> Job:
        """The job once this process has ended its work on it."""
        working = self._running.get(job.id)
        if working is not None:
            futures.wait([working])
        return self.get(job.id) or job

    def pause(self, seconds: float) -> bool:
        """Wait between two looks at the jobs; True when the application closes."""
        return self._closing.wait(seconds)

    def get(self, job_id: str) -> Job | None:
        """One job."""
        return next(iter(self._find(job_id=job_id)), None)

    def latest(self, kind: JobKind, subject: str | None = None) -> Job | None:
        """The newest job of a kind, of one subject or of any."""
        return next(iter(self._find(kind=kind, subject=subject, limit=1)), None)

    def succeeded(self, kind: JobKind, subject: str) -> list[Job]:
        """The jobs of a kind on a subject that came to a good end, the newest first."""
        return self._find(kind=kind, subject=subject, state="succeeded")

    def running(self) -> list[Job]:
        """The jobs that run now, the newest first."""
        return self._find(state="running")

    def abandoned(self) -> list[Job]:
        """Jobs that are recorded as running but whose process is gone."""
        rows = self._history.find_jobs(state="running")
        return [_job(row) for row in rows if not _is_owned(row.owner)]

    def close(self) -> None:
        """Let running work stop watching; what it watches goes on in the workspace."""
        self._closing.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _find(self, **filters: Any) -> list[Job]:
        return [_job(row) for row in self._history.find_jobs(**filters)]

    def _start(self, job: Job, work: Callable[[Reporter], Mapping[str, Any]]) -> None:
        working = self._pool.submit(self._run, job, work)
        self._running[job.id] = working
        working.add_done_callback(lambda _: self._running.pop(job.id, None))

    def _run(self, job: Job, work: Callable[[Reporter], Mapping[str, Any]]) -> None:
        reporter = Reporter(self._history, job, self._closing)
        try:
            reporter.remember(**work(reporter))
        except ClosingError:
            return  # stays recorded as running, for the next start to go on with
        except CancelledError:
            self._end(job.id, "cancelled", None)
        except YosokuError as error:
            details = {key: str(value) for key, value in error.details.items()}
            self._end(job.id, "failed", JobError(error.code, error.message, error.evidence, details))
        except Exception as error:  # a job must end with a sentence, whatever happened
            logger.exception("job %s on %s failed", job.kind, job.subject)
            self._end(job.id, "failed", JobError("unexpected", str(error), type(error).__name__, {}))
        else:
            self._end(job.id, "succeeded", None)

    def _end(self, job_id: str, state: JobState, error: JobError | None) -> None:
        self._history.change_job(
            job_id, state=state, ended=datetime.now(UTC), error=asdict(error) if error else None
        )


class ClosingError(Exception):
    """The application closes while work is watching; not an outcome."""


class CancelledError(Exception):
    """Somebody asked for the work's end."""


def _owner() -> str:
    """This process, told apart from a later one with the same number."""
    return f"{os.getpid()}:{create_time(os.getpid())!r}"


def _is_owned(owner: str) -> bool:
    pid, _, created = owner.partition(":")
    return is_alive(int(pid), float(created))


def _event_row(event: PhaseEvent) -> list[str]:
    return [event.phase, event.at.isoformat(), event.message]


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        state=row.state,
        started=row.started,
        ended=row.ended,
        events=tuple(
            PhaseEvent(phase, datetime.fromisoformat(at), message) for phase, at, message in row.events
        ),
        lines=tuple(row.lines),
        error=JobError(**row.error) if row.error else None,
        result=row.result,
    )
