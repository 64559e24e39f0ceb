"""An endpoint replaced behind its stable address: made anew, asked, switched to, and only then deleted.

ACI can't change CPU or memory in place. Whatever fails, the old endpoint goes on serving.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backend import revisions, services
from backend.addresses import Route, replaced, replacement_name
from backend.deployments import DeploymentRequest, check, deploy, follow
from backend.errors import Conflict, DeploymentFailed, NotFound, YosokuError
from backend.gateway import process as gateway
from backend.jobs import ClosingError
from backend.sample_requests import require_answers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backend.addresses import Revision
    from backend.application import Application
    from backend.jobs import Job, Reporter
    from backend.revisions import KeptDeployment

DRAIN_SECONDS = 340.0  # longer than the gateway lets any request take


@dataclass(frozen=True)
class Replacement:
    """What takes which endpoint's place at an address, and who wants it so."""

    address: str
    old: str
    request: DeploymentRequest
    who: str


def start_replacement(
    application: Application,
    address: str,
    *,
    cpu_cores: float | None = None,
    memory_gb: float | None = None,
    model_version: int | None = None,
    who: str = revisions.NOBODY,
) -> Job:
    """Begin to replace the endpoint behind an address by one of another size or model version; memory in GB.

    Raises NotFound for an unknown address or an endpoint that was not deployed from here, the first
    InvalidInput of the deployment's check, and Conflict while another change of this address is under way.
    """
    history = application.history
    before = where_it_leads(application, address)
    old = before.main.endpoint
    kept = revisions.deployment_of(history, old)
    if kept is None:
        raise NotFound(
            f"{old} was not deployed from here, so its script and environment are not known; deploy it once.",
            code="replacement.not_kept",
            name=old,
        )
    request = replace(
        request_of(kept, free_name(application, old), keys_of=old),
        cpu_cores=kept.cpu_cores if cpu_cores is None else cpu_cores,
        memory_gb=kept.memory_gb if memory_gb is None else memory_gb,
        model_version=kept.model_version if model_version is None else model_version,
    )
    for problem in check(request):
        raise problem
    asked = Replacement(address, old, request, who)
    return application.jobs.submit(
        "replace", address, lambda reporter: replace_endpoint(application, asked, reporter)
    )


def replace_endpoint(application: Application, asked: Replacement, reporter: Reporter) -> Mapping[str, Any]:
    """Make the new endpoint, ask it, switch the address, drain the old one and delete it."""
    reporter.remember(address=asked.address, old=asked.old, new=asked.request.service_name)
    number = revisions.keep_deployment(application.history, asked.request, asked.who)
    with _leaving_the_old_one(application, asked):
        deploy(application, asked.request, reporter)
    return _switch_over(application, asked, number, reporter)


def resume_replacement(application: Application, job: Job, reporter: Reporter) -> Mapping[str, Any]:
    """Go on with a replacement whose application was stopped; the workspace has worked on meanwhile."""
    address, old, new = (str(job.result[name]) for name in ("address", "old", "new"))
    kept = revisions.deployment_of(application.history, new)
    if kept is None:
        raise NotFound(f"What {new} asks for is not kept.", code="deployment.not_kept", number=new)
    asked = Replacement(address, old, request_of(kept, new), kept.who)
    if "revision" in job.result:
        return _retire(application, asked, int(job.result["revision"]), reporter)
    with _leaving_the_old_one(application, asked):
        follow(application, new, str(job.result["operation"]), reporter)
    return _switch_over(application, asked, kept.id, reporter)


def _switch_over(
    application: Application, asked: Replacement, deployment: int, reporter: Reporter
) -> Mapping[str, Any]:
    new = asked.request.service_name
    with _leaving_the_old_one(application, asked):
        reporter.phase("ask_new")
        require_answers(application.workspace(), asked.old, new)
        reporter.check()
        reporter.phase("switch")
        before = where_it_leads(application, asked.address)
        if all(route.endpoint != asked.old for route in before.routes):
            raise Conflict(
                f"The address {asked.address} was led away from {asked.old} meanwhile.",
                code="address.changed",
                name=asked.address,
            )
        revision = revisions.record(
            application.history,
            asked.address,
            "replace",
            replaced(before.routes, asked.old, Route(new, deployment=deployment)),
            mirror=before.mirror,
            who=asked.who,
        )
    reporter.remember(revision=revision.number)
    return _retire(application, asked, revision.number, reporter)


def _retire(
    application: Application, asked: Replacement, revision: int, reporter: Reporter
) -> Mapping[str, Any]:
    """Let the old endpoint's requests end, and delete it where nothing leads to it any more."""
    reporter.phase("drain")
    drained = gateway.drain(application.settings, asked.old, DRAIN_SECONDS)
    reporter.phase("delete_old")
    deleted = drained and not revisions.addresses_of(application.history, asked.old)
    if deleted:
        try:
            services.delete_endpoint(application.workspace(), asked.old)
        except YosokuError as error:  # the address leads to the new one already
            deleted = False
            reporter.line(error.message)
    new = asked.request.service_name
    return {"revision": revision, "endpoint": new, "drained": drained, "old_deleted": deleted}


@contextlib.contextmanager
def _leaving_the_old_one(application: Application, asked: Replacement) -> Iterator[None]:
    """What fails before the switch leaves nothing of the new endpoint, and says that the old one serves."""
    try:
        yield
    except ClosingError:
        raise  # the next start goes on with it
    except YosokuError as error:
        discard(application, asked.request.service_name)
        raise still_serving(asked.old, error) from error
    except BaseException:
        discard(application, asked.request.service_name)
        raise


def discard(application: Application, name: str) -> None:
    """Delete what was made for nothing; what can't be deleted now is on the endpoints' page."""
    with contextlib.suppress(YosokuError):
        services.delete_endpoint(application.workspace(), name)


def still_serving(old: str, error: YosokuError) -> DeploymentFailed:
    """The failure, with what matters most to who reads it."""
    if error.code == "replacement.failed":
        assert isinstance(error, DeploymentFailed)
        return error
    return DeploymentFailed(
        f"The replacement failed, and {old} goes on serving. {error.message}",
        code="replacement.failed",
        evidence=error.evidence,
        name=old,
        reason=error.message,
    )


def where_it_leads(application: Application, address: str) -> Revision:
    """Where an address leads now; raises NotFound."""
    found = revisions.current(application.history, address)
    if found is None:
        raise NotFound(f"There is no address {address}.", code="address.not_found", name=address)
    return found


def free_name(application: Application, name: str) -> str:
    """A name for what replaces an endpoint, that no endpoint of the workspace has."""
    taken = {endpoint.name for endpoint in services.list_endpoints(application.workspace())}
    return replacement_name(name, taken)


def request_of(kept: KeptDeployment, name: str, *, keys_of: str | None = None) -> DeploymentRequest:
    """A deployment that was kept, under another name and with the keys of an endpoint."""
    return DeploymentRequest(
        service_name=name,
        model_name=kept.model_name,
        model_version=kept.model_version,
        script=kept.script,
        environment=kept.environment,
        cpu_cores=kept.cpu_cores,
        memory_gb=kept.memory_gb,
        authentication=kept.authentication,
        description=kept.description,
        keys_of=keys_of,
    )
