"""What is opened once for a whole process: settings, history, jobs and the workspace."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from backend import revisions
from backend.errors import YosokuError
from backend.gateway import process as gateway
from backend.history import History
from backend.jobs import Jobs
from backend.resuming import resume_abandoned
from backend.run_outputs import discard_stale
from backend.schedule import Schedule
from backend.settings import Settings
from backend.training_process import end_left_over
from backend.workspace import connect, keep_running

if TYPE_CHECKING:
    from azureml.core import Workspace

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0  # how often a workspace that was connected is looked at again


class Application:
    """One open application; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.history = History(settings.history_url)
        self.jobs = Jobs(self.history)
        self.schedule: Schedule | None = None
        self._workspace: Workspace | None = None
        self._looked = 0.0
        self._connecting = threading.Lock()

    def workspace(self) -> Workspace:
        """The workspace, connected on first use; a local one is started when it does not run, and
        again when it was killed.

        Raises WorkspaceUnavailable; the next call tries again.
        """
        with self._connecting:
            now = time.monotonic()
            if self._workspace is None:
                self._workspace = connect(self.settings)
            elif now - self._looked > LOOK_SECONDS:
                keep_running(self.settings)
            self._looked = now
            return self._workspace

    def close(self) -> None:
        """Stop watching; deployments go on in the workspace."""
        if self.schedule is not None:
            self.schedule.close()
        self.jobs.close()
        self.history.engine.dispose()


def open_application(settings: Settings | None = None) -> Application:
    """Open the application and go on with what a stopped one was watching."""
    application = Application(settings or Settings())
    discard_stale(application.settings.uploads)
    for job in application.jobs.abandoned():
        end_left_over(job)
    resume_abandoned(application)
    application.schedule = Schedule(application)
    if revisions.addresses(application.history):
        # Not waited for: it takes seconds, and whoever needs it starts it or waits for it.
        threading.Thread(target=_start_gateway, args=(application.settings,), daemon=True).start()
    return application


def _start_gateway(settings: Settings) -> None:
    """The gateway of addresses that were made before; the page that needs it tells when it can't start."""
    try:
        gateway.ensure_running(settings)
    except YosokuError:
        logger.warning("the gateway did not start", exc_info=True)
