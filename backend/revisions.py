"""What was deployed and where stable addresses led, kept with who and when; the newest revision counts."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from backend.addresses import Revision, Route, check_address, check_routes
from backend.environments import parse
from backend.errors import Conflict, NotFound
from backend.history.schema import address_revisions, kept_deployments, kept_scripts
from backend.scripts import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from backend.addresses import Change
    from backend.deployments import DeploymentRequest
    from backend.environments import EnvironmentSpecification
    from backend.history import History

NOBODY = ""  # who did it, where nobody has signed in
OLDEST = (1980, 1, 1, 0, 0, 0)  # of every file in an archive, so that the same files make the same bytes


@dataclass(frozen=True)
class KeptDeployment:
    """What was asked for when an endpoint was made; memory in GB, `moment` in UTC."""

    id: int
    endpoint: str
    moment: datetime
    who: str
    model_name: str
    model_version: int
    script: Script
    environment: EnvironmentSpecification
    cpu_cores: float
    memory_gb: float
    authentication: bool
    description: str


def keep_deployment(history: History, request: DeploymentRequest, who: str = NOBODY) -> int:
    """Keep what a deployment asks for; its number, or the newest one's where that asked for the same."""
    archive = _archive(request.script)
    digest = hashlib.sha256(archive).hexdigest()
    script = {"digest": digest, "entry": request.script.entry, "archive": archive}
    asked = {
        "endpoint": request.service_name,
        "model_name": request.model_name,
        "model_version": request.model_version,
        "script_digest": digest,
        "environment": request.environment.text,
        "cpu_cores": request.cpu_cores,
        "memory_gb": request.memory_gb,
        "authentication": request.authentication,
        "description": request.description,
    }
    known = select(kept_scripts.c.digest).where(kept_scripts.c.digest == digest)
    newest = (
        select(kept_deployments)
        .where(kept_deployments.c.endpoint == request.service_name)
        .order_by(kept_deployments.c.id.desc())
        .limit(1)
    )
    with history.engine.begin() as connection:
        before = connection.execute(newest).mappings().first()
        if before is not None and all(before[name] == value for name, value in asked.items()):
            return int(before["id"])
        if connection.execute(known).first() is None:
            connection.execute(insert(kept_scripts).values(**script))
        row = {**asked, "moment": datetime.now(UTC), "who": who}
        kept = insert(kept_deployments).values(**row).returning(kept_deployments.c.id)
        number: int = connection.execute(kept).scalar_one()
    return number


def deployment_of(history: History, endpoint: str) -> KeptDeployment | None:
    """What the newest deployment of an endpoint asked for, where it was made from here."""
    newest = select(func.max(kept_deployments.c.id)).where(kept_deployments.c.endpoint == endpoint)
    return _deployment(history, kept_deployments.c.id == newest.scalar_subquery())


def kept_deployment(history: History, number: int) -> KeptDeployment:
    """A kept deployment; NotFound when there is none of that number."""
    found = _deployment(history, kept_deployments.c.id == number)
    if found is None:
        raise NotFound(f"There is no kept deployment {number}.", code="deployment.not_kept", number=number)
    return found


def current(history: History, address: str) -> Revision | None:
    """Where an address leads now; None for an unknown one."""
    return next(iter(revisions_of(history, address, limit=1)), None)


def revisions_of(history: History, address: str, *, limit: int = 50) -> list[Revision]:
    """The revisions of an address, the newest first."""
    query = (
        select(address_revisions)
        .where(address_revisions.c.address == address)
        .order_by(address_revisions.c.number.desc())
        .limit(limit)
    )
    with history.engine.connect() as connection:
        return [_revision(row) for row in connection.execute(query)]


def addresses(history: History) -> list[Revision]:
    """Where every address leads now, by name."""
    newest = select(
        address_revisions.c.address, func.max(address_revisions.c.number).label("number")
    ).group_by(address_revisions.c.address)
    one = newest.subquery()
    query = (
        select(address_revisions)
        .join(
            one,
            (one.c.address == address_revisions.c.address) & (one.c.number == address_revisions.c.number),
        )
        .order_by(address_revisions.c.address)
    )
    with history.engine.connect() as connection:
        return [_revision(row) for row in connection.execute(query)]


def addresses_of(history: History, endpoint: str) -> list[Revision]:
    """Where the addresses that lead to an endpoint (or copy to it) lead now."""
    return [revision for revision in addresses(history) if revision.names(endpoint)]


def create_address(history: History, address: str, endpoint: str, who: str = NOBODY) -> Revision:
    """Make an address that leads to an endpoint; Conflict when there is one of that name."""
    check_address(address)
    if current(history, address) is not None:
        raise Conflict(f"There is an address {address} already.", code="address.taken", name=address)
    kept = deployment_of(history, endpoint)
    route = Route(endpoint, deployment=kept.id if kept else None)
    return record(history, address, "create", (route,), who=who)


def record(
    history: History,
    address: str,
    change: Change,
    routes: Sequence[Route],
    *,
    mirror: str | None = None,
    who: str = NOBODY,
) -> Revision:
    """Lead an address elsewhere, from the next request on; Conflict when somebody else does so just now."""
    check_routes(routes, mirror)
    before = current(history, address)
    number = before.number + 1 if before else 1
    moment = datetime.now(UTC)
    row = {
        "address": address,
        "number": number,
        "moment": moment,
        "who": who,
        "change": change,
        "routes": [[route.endpoint, route.share, route.deployment] for route in routes],
        "mirror": mirror,
    }
    try:
        with history.engine.begin() as connection:
            connection.execute(insert(address_revisions).values(**row))
    except IntegrityError as error:
        raise Conflict(
            f"Somebody else has just changed the address {address}; look again.",
            code="address.changed",
            name=address,
        ) from error
    return Revision(address, number, moment, who, change, tuple(routes), mirror)


def _deployment(history: History, condition: Any) -> KeptDeployment | None:
    query = (
        select(kept_deployments, kept_scripts.c.entry, kept_scripts.c.archive)
        .join(kept_scripts, kept_scripts.c.digest == kept_deployments.c.script_digest)
        .where(condition)
    )
    with history.engine.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    return KeptDeployment(
        id=row.id,
        endpoint=row.endpoint,
        moment=row.moment,
        who=row.who,
        model_name=row.model_name,
        model_version=row.model_version,
        script=Script(row.entry, _files(row.archive)),
        environment=parse(row.environment),
        cpu_cores=row.cpu_cores,
        memory_gb=row.memory_gb,
        authentication=row.authentication,
        description=row.description,
    )


def _archive(script: Script) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(script.files):
            archive.writestr(
                zipfile.ZipInfo(name, OLDEST), script.files[name], compress_type=zipfile.ZIP_DEFLATED
            )
    return written.getvalue()


def _files(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def _revision(row: Row[Any]) -> Revision:
    return Revision(
        address=row.address,
        number=row.number,
        moment=row.moment,
        who=row.who,
        change=row.change,
        routes=tuple(Route(*route) for route in row.routes),
        mirror=row.mirror,
    )
