"""The HTTP routes of web services, over `WebServices`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.local.web_services import ServiceFilter, WebServices
from backend.local.wire import WireError, error_body, read_json, read_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from backend.local.records import Operation

MOST_LOG_LINES = 100_000


def service_routes(base: str, link: str, services: WebServices) -> list[Route]:
    """The routes under `base` (/modelmanagement/v1.0/<workspace>); `link` is `base` with scheme and host."""

    async def validate(request: Request) -> Response:
        body = await read_object(request)
        name, kind = str(body.get("serviceName") or ""), body.get("type")
        if kind == "Create":
            create = body.get("createRequest")
            return verdict(lambda: services.check_create(create if isinstance(create, dict) else {}))
        if kind == "Update":
            return verdict(lambda: services.check_update(name, body.get("updateRequest")))
        return JSONResponse({})

    async def validate_name(request: Request) -> Response:
        return verdict(lambda: services.check_free(request.path_params["name"]))

    async def validate_resource(request: Request) -> Response:
        body = await read_object(request)
        return verdict(lambda: services.check_quota(str(body.get("name") or ""), body))

    async def create(request: Request) -> Response:
        return accepted(services.create(await read_object(request)))

    async def listed(request: Request) -> Response:
        query = request.query_params
        wanted = ServiceFilter(
            compute_type=query.get("computeType"),
            model_name=query.get("modelName"),
            model_id=query.get("modelId"),
            tags=query.get("tags"),
            properties=query.get("properties"),
        )
        return JSONResponse({"value": [services.view(service) for service in services.listed(wanted)]})

    async def one(request: Request) -> Response:
        return JSONResponse(services.view(services.find(request.path_params["name"])))

    async def patch(request: Request) -> Response:
        return accepted(services.update(request.path_params["name"], await read_json(request)))

    async def delete(request: Request) -> Response:
        try:
            await services.delete(request.path_params["name"])
        except WireError as error:
            # the SDK takes 204 as "no such service", which deleting twice must be
            if error.status == 404:
                return Response(status_code=204)
            raise
        return Response(status_code=200)

    async def keys(request: Request) -> Response:
        service = services.find(request.path_params["name"])
        secrets = {"primaryKey": service.primary_key, "secondaryKey": service.secondary_key}
        return JSONResponse(secrets, headers={"Cache-Control": "no-store"})

    async def regenerate(request: Request) -> Response:
        body = await read_object(request)
        value = body.get("keyValue")
        if not isinstance(value, str | None):
            raise WireError(400, "InvalidKey", "keyValue must be a text.")
        which = str(body.get("keyType") or "")
        return accepted(services.regenerate(request.path_params["name"], which, value))

    async def logs(request: Request) -> Response:
        tail = request.query_params.get("tail", "5000")
        if not (tail.isascii() and tail.isdigit()):
            raise WireError(400, "InvalidTail", "tail must be a number of lines.")
        init = request.query_params.get("init", "").lower() == "true"
        lines = min(int(tail), MOST_LOG_LINES)
        return JSONResponse({"content": await services.logs(request.path_params["name"], lines, init=init)})

    async def token(request: Request) -> Response:
        services.find(request.path_params["name"])
        raise WireError(400, "TokenAuthenticationUnsupported", "ACI services have keys; tokens are for AKS.")

    async def images(request: Request) -> Response:
        return JSONResponse({"value": []})

    def accepted(operation: Operation) -> Response:
        return Response(status_code=202, headers={"Operation-Location": f"{link}/operations/{operation.id}"})

    one_service = f"{base}/services/{{name}}"
    return [
        Route(f"{base}/services/validate", validate, methods=["POST"]),
        Route(f"{base}/services/validate/resource", validate_resource, methods=["POST"]),
        Route(f"{base}/services/validate/name/{{name}}", validate_name, methods=["POST"]),
        Route(f"{base}/services", create, methods=["POST"]),
        Route(f"{base}/services", listed),
        Route(one_service, one),
        Route(one_service, patch, methods=["PATCH"]),
        Route(one_service, delete, methods=["DELETE"]),
        Route(f"{one_service}/listkeys", keys, methods=["POST"]),
        Route(f"{one_service}/regenerateKeys", regenerate, methods=["POST"]),
        Route(f"{one_service}/logs", logs),
        Route(f"{one_service}/token", token, methods=["POST"]),
        Route(f"{base}/images", images),
    ]


def verdict(check: Callable[[], Any]) -> Response:
    """A validation's answer: always 200, with an "error" whose message the SDK raises."""
    try:
        check()
    except WireError as error:
        return JSONResponse({"error": error_body(error)})
    return JSONResponse({})
