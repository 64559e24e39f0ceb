"""A deployment that failed: why, what shows it, and the way back into the form with the next step taken."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.diagnosis import diagnose, failure_of_job, without_secrets
from backend.errors import YosokuError
from dashboard import reads
from dashboard.components.deploy_again import larger, prepare_form
from dashboard.components.deploy_steps import USUAL_SIZE, proposed_name
from dashboard.components.diagnosis import Step, show_diagnosis, to_endpoint
from dashboard.components.feedback import plain, show_evidence
from dashboard.components.stepper import show_phases

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.diagnosis import Action
    from backend.jobs import Job
    from dashboard.i18n import Reader


def show_failure(reader: Reader, job: Job, *, back: Callable[[str], None]) -> None:
    """The end of a failed deployment; `back` leaves the job with this id for the form."""
    st.title(reader.t("deploy.failed", name=plain(job.subject)), anchor=False)
    if job.error:
        failure = failure_of_job(job.error)
        show_diagnosis(
            reader,
            failure,
            diagnose(failure),
            title=reader.t("deploy.why"),
            sentence=reader.problem(job.error.code, job.error.details, job.error.message),
            key="deploy_failure",
            steps=_steps(reader, job, back),
        )
    st.button(
        reader.t("deploy.back"),
        key="deploy_back",
        icon=":material/arrow_back:",
        on_click=back,
        args=(job.id,),
    )
    show_phases(reader, job)
    if job.error:
        show_evidence(reader, without_secrets(job.error.evidence))


def _steps(reader: Reader, job: Job, back: Callable[[str], None]) -> dict[Action, Step]:
    again = partial(_again_step, job, back)
    memory = float(st.session_state.get("deploy_memory", USUAL_SIZE))
    return {
        "resize": again("size", deploy_memory=larger(memory)),
        "shrink": again("size"),
        "environment": again("script"),
        "script": again("script"),
        "rename": again("access", deploy_name=_free_name(job.subject), deploy_replace=False),
        "retry": again("access"),
        "wait": again("access", deploy_replace=False),
        "sign_in": again("access"),
        "log": to_endpoint(job.subject, reader.t("endpoints.tab.logs")),
        "read": to_endpoint(job.subject, reader.t("endpoints.tab.logs")),
        "endpoints": to_endpoint(job.subject),
    }


def _again_step(job: Job, back: Callable[[str], None], step: str, **values: Any) -> Step:
    return Step(partial(_again, job, back, step, **values))


def _again(job: Job, back: Callable[[str], None], step: str, **values: Any) -> None:
    back(job.id)
    # What failed left an endpoint of this name behind, that never answered: deploying again replaces it.
    settled = {"deploy_name": job.subject, "deploy_replace": job.subject in _names(), **values}
    prepare_form(settled.pop("deploy_name"), step, replace=settled.pop("deploy_replace"), **settled)


def _free_name(name: str) -> str:
    return proposed_name(name, {name, *_names()})


def _names() -> set[str]:
    try:
        return {endpoint.name for endpoint in reads.endpoints()}
    except YosokuError:  # the form itself says that the workspace can't be reached
        return set()
