"""Going on with what a stopped application was watching."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backend.deployment_watch import follow
from backend.replacement import resume_replacement

if TYPE_CHECKING:
    from backend.application import Application


def resume_abandoned(application: Application) -> None:
    """Watch deployments and replacements on; the workspace has worked on them meanwhile.

    Other work ended with its process, and is told so.
    """
    for job in application.jobs.abandoned():
        operation = job.result.get("operation")
        if job.kind == "deploy" and operation:
            application.jobs.resume(job, partial(follow, application, job.subject, operation))
        elif job.kind == "replace" and operation and "new" in job.result:
            application.jobs.resume(job, partial(resume_replacement, application, job))
        else:
            application.jobs.interrupt(job)
