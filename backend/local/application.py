"""The ASGI application of a local workspace: every route, over one set of services."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.errors import YosokuError
from backend.local.arm import arm_routes, workspace_path
from backend.local.artifacts import ArtifactAddresses, artifact_routes
from backend.local.blobs import blob_routes
from backend.local.environments import environment_routes
from backend.local.gateway import gateway_routes
from backend.local.guard import Guard
from backend.local.operations import operation_routes
from backend.local.registry import registry_routes
from backend.local.service_routes import service_routes
from backend.local.wire import WireError, error_response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ExceptionHandler

    from backend.local.deploying import Deployments, Runtime
    from backend.local.signatures import Signatures
    from backend.local.state import Identity
    from backend.local.web_services import WebServices


def build_application(
    *,
    identity: Identity,
    signatures: Signatures,
    runtime: Runtime,
    deployments: Deployments,
    services: WebServices,
    http_port: int,
    tls_port: int,
) -> Starlette:
    """The application that both listeners serve."""
    origin, workspace = f"http://127.0.0.1:{http_port}", workspace_path(identity)
    management = f"/modelmanagement/v1.0{workspace}"
    link = f"{origin}{management}"
    store, files = runtime.store, runtime.files
    routes = [
        *gateway_routes(services.route),
        *arm_routes(identity, signatures, http_port),
        *artifact_routes(
            f"/artifact/v2.0{workspace}", store, ArtifactAddresses(signatures, http_port, tls_port)
        ),
        *blob_routes(store, files, signatures),
        *registry_routes(management, link, store, files, services.using),
        *environment_routes(f"/environment/v1.0{workspace}", store),
        *service_routes(management, link, services),
        *operation_routes(management, runtime.operations, signatures, origin),
        *own_routes(identity, signatures, services),
        Route("/{path:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
    ]
    handlers: dict[Any, ExceptionHandler] = {WireError: refused, YosokuError: rejected}
    guard = Middleware(Guard, signatures=signatures, ports=(http_port, tls_port))
    return Starlette(routes=routes, middleware=[guard], exception_handlers=handlers)


def own_routes(identity: Identity, signatures: Signatures, services: WebServices) -> list[Route]:
    """What the workspace's own client asks: is it this workspace, and how does it do."""
    started = time.time()

    async def health(request: Request) -> Response:
        challenge = request.query_params.get("challenge", "")[:200]
        return JSONResponse({"workspace_id": identity.workspace_id, "proof": signatures.proof(challenge)})

    async def status(request: Request) -> Response:
        found = []
        for service in services.all():
            state = services.status(service)
            found.append({**services.view(service), "process": None if state is None else asdict(state)})
        return JSONResponse({"started": started, "services": found})

    return [Route("/health", health), Route("/yosoku/status", status)]


async def unknown(request: Request) -> Response:
    raise WireError(
        404, "RouteNotFound", f"The local workspace doesn't serve {request.method} {request.url.path}."
    )


async def refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, WireError)
    return error_response(error)


async def rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, YosokuError)
    return error_response(WireError(400, error.code, error.message))
