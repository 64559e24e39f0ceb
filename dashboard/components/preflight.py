"""The list before the Deploy button: what can be known of a deployment that has not begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from backend import preflight
from backend.errors import YosokuError
from backend.model_contents import ModelContents, read_contents
from backend.preflight import Check, CheckState
from backend.quotas import region_quota
from backend.rehearsal import RehearsalRequest, latest_rehearsal
from dashboard import reads
from dashboard.components.feedback import plain
from dashboard.session import application, workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.deployments import DeploymentRequest
    from backend.models import RegisteredModel
    from backend.services import Endpoint
    from dashboard.i18n import Reader

ICONS: dict[CheckState, str] = {
    "passed": ":green[:material/check_circle:]",
    "warning": ":orange[:material/warning:]",
    "failed": ":red[:material/cancel:]",
    "unknown": ":gray[:material/help:]",
}


def show_preflight(
    reader: Reader, request: DeploymentRequest, model: RegisteredModel, endpoints: Sequence[Endpoint]
) -> None:
    """One line a check: its state in a word and an icon, and the sentence."""
    with st.spinner(reader.t("preflight.looking")):
        found = checks(request, model, endpoints)
    states = {check.state for check in found}
    worst = "failed" if "failed" in states else "warning" if "warning" in states else "passed"
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{reader.t('preflight.title')}** — {reader.t(f'preflight.summary.{worst}')}")
        for check in found:
            st.markdown(
                f"{ICONS[check.state]}&ensp;**{reader.t(f'preflight.state.{check.state}')}** — "
                f"{plain(sentence(reader, check))}"
            )


def checks(request: DeploymentRequest, model: RegisteredModel, endpoints: Sequence[Endpoint]) -> list[Check]:
    """Every check of a request, in the order of the form."""
    settings = application().settings
    return [
        *_model_checks(request),
        preflight.check_versions(model, request.environment, _installed(request)),
        preflight.check_size(request.cpu_cores, request.memory_gb),
        _quota_check(request, endpoints),
        *_region_check(settings.location),
        preflight.check_name(request.service_name, endpoints, replace=request.replace),
    ]


def sentence(reader: Reader, check: Check) -> str:
    """A check in the reader's words."""
    return reader.t(f"preflight.{check.name}.{check.saying}", **check.details)


def _model_checks(request: DeploymentRequest) -> list[Check]:
    try:
        contents = _contents(request.model_name, request.model_version)
    except YosokuError:  # the deployment would say so too; until then nobody knows
        return [Check("files", "unknown", "unreadable")]
    return [preflight.check_files(contents), preflight.check_code(contents)]


def _installed(request: DeploymentRequest) -> dict[str, str] | None:
    """What the environment holds, where a rehearsal built it."""
    rehearsed = RehearsalRequest(
        request.model_name, request.model_version, request.script, request.environment
    )
    job = latest_rehearsal(application().jobs, rehearsed)
    return job.result.get("installed") if job is not None else None


def _quota_check(request: DeploymentRequest, endpoints: Sequence[Endpoint]) -> Check:
    settings = application().settings
    try:
        quota = region_quota(settings)
    except YosokuError:
        quota = preflight.Quota(None, is_known=False)
    return preflight.check_quota(
        request.cpu_cores, request.service_name, endpoints, quota, overhead=settings.workspace == "azure"
    )


def _region_check(location: str) -> list[Check]:
    try:
        return [preflight.check_region(reads.facts(), location)]
    except YosokuError:
        return []


@st.cache_data(max_entries=256, show_spinner=False)
def _contents(name: str, version: int) -> ModelContents:
    """A version's files never change."""
    return read_contents(workspace(), name, version)
