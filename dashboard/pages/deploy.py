"""Deploy: from a registered model to a Healthy endpoint, in four steps and a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend import deployments
from backend.deployments import DeploymentRequest
from backend.errors import YosokuError
from backend.rehearsal import RehearsalRequest
from dashboard import reads
from dashboard.components import deploy_steps
from dashboard.components.costs import review_line
from dashboard.components.deploy_job import FOLLOWED, followed_job, show_job
from dashboard.components.feedback import plain, show_error
from dashboard.components.preflight import show_preflight
from dashboard.components.rehearsal import show_rehearsal
from dashboard.components.script_step import choose_script
from dashboard.session import application, reader

if TYPE_CHECKING:
    from backend.models import RegisteredModel
    from backend.services import Endpoint

words = reader()


def begin(request: DeploymentRequest) -> None:
    """Start the deployment, or say why not."""
    try:
        with st.spinner(words.t("deploy.starting")):
            job = deployments.start_deployment(application(), request)
    except YosokuError as error:
        show_error(words, error, title=words.t("deploy.refused"))
        return
    st.session_state[FOLLOWED] = job.id
    st.rerun()


def review(request: DeploymentRequest | None, model: RegisteredModel, taken: bool) -> None:
    """The summary before the button, and the button."""
    with st.container(border=True):
        if request is None:
            st.markdown(words.t("deploy.incomplete"))
        else:
            asked = (request.cpu_cores, request.memory_gb)
            size = (deploy_steps.size_sentence(words, *asked), review_line(words, *asked))
            lines = {
                "model": deploy_steps.model_sentence(words, model),
                "script": words.t(
                    "deploy.review_script",
                    script=request.script.entry,
                    environment=request.environment.name,
                ),
                "size": " · ".join(part for part in size if part),
                "access": deploy_steps.access_sentence(words, request.service_name, request.authentication),
            }
            st.markdown(
                "\n".join(
                    f"{number}. **{words.t(f'deploy.step.{name}')}** — {plain(text)}"
                    for number, (name, text) in enumerate(lines.items(), start=1)
                )
            )
        problems = deployments.check(request) if request else ()
        for problem in problems:
            st.caption(f":red[{plain(words.error(problem))}]")
        if request and taken and not request.replace:
            st.caption(f":red[{words.t('deploy.blocked_name', name=plain(request.service_name))}]")
        blocked = request is None or bool(problems) or (taken and not request.replace)
        if (
            st.button(
                words.t("deploy.replace_button" if taken and not blocked else "deploy.button"),
                type="primary",
                icon=":material/rocket_launch:",
                key="deploy_button",
                disabled=blocked,
                help=words.t("deploy.blocked") if blocked else None,
            )
            and request is not None
        ):
            begin(request)


def show_form(found: list[RegisteredModel], endpoints: list[Endpoint]) -> None:
    """The four steps, the rehearsal, what can be known before, and the review."""
    st.title(words.t("deploy.title"), anchor=False)
    st.caption(words.t("deploy.explain"))
    model = deploy_steps.choose_model(words, found)
    script, environment = choose_script(words)
    cores, memory = deploy_steps.choose_size(words)
    name, authentication, replace = deploy_steps.choose_access(words, model, endpoints)
    request = None
    if script is not None and environment is not None:
        request = DeploymentRequest(
            service_name=name,
            model_name=model.name,
            model_version=model.version,
            script=script,
            environment=environment,
            cpu_cores=cores,
            memory_gb=memory,
            authentication=authentication,
            replace=replace,
        )
    if request is not None:
        show_rehearsal(
            words, RehearsalRequest(model.name, model.version, request.script, request.environment)
        )
        show_preflight(words, request, model, endpoints)
    review(request, model, name in {endpoint.name for endpoint in endpoints})


def show_empty() -> None:
    """Nothing to deploy yet."""
    st.title(words.t("deploy.empty"), anchor=False)
    st.markdown(words.t("deploy.empty_text"))
    st.page_link(
        "dashboard/pages/models.py", label=words.t("deploy.to_models"), icon=":material/upload_file:"
    )


job = followed_job()
if job is not None:
    show_job(job)
else:
    try:
        models, endpoints = reads.registered_models(), reads.endpoints()
    except YosokuError as error:
        st.title(words.t("deploy.title"), anchor=False)
        show_error(words, error, title=words.t("workspace.unreachable"))
    else:
        if models:
            show_form(models, endpoints)
        else:
            show_empty()
