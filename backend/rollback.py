"""A stable address led back to where an earlier revision led."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend import revisions, services
from backend.addresses import Route
from backend.deployments import deploy
from backend.errors import NotFound, YosokuError
from backend.gateway import process as gateway
from backend.replacement import (
    DRAIN_SECONDS,
    discard,
    free_name,
    request_of,
    still_serving,
    where_it_leads,
)
from backend.sample_requests import require_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.addresses import Revision
    from backend.application import Application
    from backend.jobs import Job, Reporter
    from backend.revisions import KeptDeployment


def start_rollback(
    application: Application, address: str, number: int, *, who: str = revisions.NOBODY
) -> Job:
    """Begin to lead an address back to where an earlier revision led; what it leaves goes on standing.

    An endpoint of that revision that is gone, or was deployed over, is deployed anew. Raises NotFound for an
    unknown revision, or for one whose endpoint is gone and was not deployed from here.
    """
    target = next(
        (
            one
            for one in revisions.revisions_of(application.history, address, limit=1000)
            if one.number == number
        ),
        None,
    )
    if target is None:
        raise NotFound(
            f"There is no revision {number} of {address}.", code="address.no_revision", number=number
        )
    return application.jobs.submit(
        "replace", address, lambda reporter: roll_back(application, target, who, reporter)
    )


def roll_back(application: Application, target: Revision, who: str, reporter: Reporter) -> Mapping[str, Any]:
    """Lead an address where a revision led, making anew what no longer stands."""
    reporter.remember(address=target.address, rolled_back_to=target.number)
    left = where_it_leads(application, target.address)
    made: list[str] = []
    routes: list[Route] = []
    try:
        for route in target.routes:
            if _stands(application, route):
                routes.append(route)
                continue
            kept = _kept(application, route)
            request = request_of(kept, free_name(application, route.endpoint), keys_of=left.main.endpoint)
            made.append(request.service_name)
            number = revisions.keep_deployment(application.history, request, who)
            deploy(application, request, reporter)
            routes.append(Route(request.service_name, route.share, number))
        reporter.phase("ask_new")
        for route in routes:
            require_answers(application.workspace(), None, route.endpoint)
        reporter.check()
        reporter.phase("switch")
        revision = revisions.record(
            application.history, target.address, "rollback", routes, mirror=target.mirror, who=who
        )
    except BaseException as error:  # whatever it was, nothing of it stays
        for name in made:
            discard(application, name)
        if isinstance(error, YosokuError):
            raise still_serving(left.main.endpoint, error) from error
        raise
    reporter.phase("drain")
    for route in left.routes:
        if not revision.names(route.endpoint):
            gateway.drain(application.settings, route.endpoint, DRAIN_SECONDS)
    return {"revision": revision.number, "endpoint": revision.main.endpoint, "deployed_anew": made}


def _stands(application: Application, route: Route) -> bool:
    """Whether a route's endpoint is there, Healthy, and still the deployment that the route was made for."""
    try:
        endpoint = services.get_endpoint(application.workspace(), route.endpoint)
    except NotFound:
        return False
    newest = revisions.deployment_of(application.history, route.endpoint)
    same = route.deployment is None or newest is None or newest.id == route.deployment
    return same and endpoint.state == "Healthy"


def _kept(application: Application, route: Route) -> KeptDeployment:
    if route.deployment is None:
        raise NotFound(
            f"{route.endpoint} is gone and was not deployed from here.",
            code="replacement.not_kept",
            name=route.endpoint,
        )
    return revisions.kept_deployment(application.history, route.deployment)
