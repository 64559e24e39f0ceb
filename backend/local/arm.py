"""Azure Resource Manager and the managed identity, as much as the SDK asks to find a workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.local.state import LOCATION, Identity
from backend.local.wire import WireError

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.local.signatures import Signatures

PROVIDER = "providers/Microsoft.MachineLearningServices/workspaces"


def workspace_path(identity: Identity) -> str:
    """The workspace's resource id."""
    return (
        f"/subscriptions/{identity.subscription_id}/resourceGroups/{identity.resource_group}"
        f"/{PROVIDER}/{identity.workspace_name}"
    )


def discovery_path(identity: Identity, http_port: int) -> str:
    """The SDK caches the answer by this address for ever, so all that the answer depends on is in it."""
    return f"/discovery/{identity.workspace_id}/{http_port}/v1"


def arm_routes(identity: Identity, signatures: Signatures, http_port: int) -> list[Route]:
    """ARM, discovery and the managed identity's token."""
    origin = f"http://127.0.0.1:{http_port}"
    subscription = {
        "id": f"/subscriptions/{identity.subscription_id}",
        "subscriptionId": identity.subscription_id,
        "tenantId": identity.workspace_id,
        "displayName": "Yosoku local workspace",
        "state": "Enabled",
    }
    group = {
        "id": f"{subscription['id']}/resourceGroups/{identity.resource_group}",
        "name": identity.resource_group,
        "location": LOCATION,
        "properties": {"provisioningState": "Succeeded"},
    }
    workspace = {
        "id": workspace_path(identity),
        "name": identity.workspace_name,
        "type": "Microsoft.MachineLearningServices/workspaces",
        "location": LOCATION,
        "tags": {},
        "sku": {"name": "Basic", "tier": "Basic"},
        "properties": {
            "friendlyName": identity.workspace_name,
            "description": "",
            "workspaceId": identity.workspace_id,
            "discoveryUrl": f"{origin}{discovery_path(identity, http_port)}",
            "provisioningState": "Succeeded",
        },
    }

    def answer(value: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            checked(request)
            return JSONResponse(value)

        return endpoint

    def checked(request: Request) -> None:
        expected = {
            "subscription": identity.subscription_id,
            "group": identity.resource_group,
            "workspace": identity.workspace_name,
        }
        for part, name in expected.items():
            given = request.path_params.get(part, name)
            if given.lower() != name.lower():
                raise WireError(
                    404,
                    "ResourceNotFound",
                    f"This local workspace has no {part} '{given}'; its {part} is '{name}' (see its "
                    f"config.json).",
                )

    async def token(request: Request) -> Response:
        if not signatures.accepts_identity_secret(request.path_params["secret"]):
            raise WireError(
                401, "InvalidIdentity", "This isn't the address of this workspace's managed identity."
            )
        async with request.form(max_files=0, max_fields=10) as form:
            resource = form.get("resource")
        bearer, expires = signatures.bearer()
        body = {
            "access_token": bearer,
            "token_type": "Bearer",
            "expires_on": str(expires),
            "resource": resource if isinstance(resource, str) else "",
        }
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    services = ("api", "experimentation", "history", "hyperdrive", "modelmanagement", "studio")
    groups = "/subscriptions/{subscription}/resourceGroups"
    one_group = f"{groups}/{{group}}"
    of_subscription = f"/subscriptions/{{subscription}}/{PROVIDER}"
    return [
        Route("/subscriptions", answer({"value": [subscription]})),
        Route("/subscriptions/{subscription}", answer(subscription)),
        Route(groups, answer({"value": [group]})),
        Route(one_group, answer(group)),
        Route(of_subscription, answer({"value": [workspace]})),
        Route(f"{one_group}/{PROVIDER}", answer({"value": [workspace]})),
        Route(f"{one_group}/{PROVIDER}/{{workspace}}", answer(workspace)),
        Route(discovery_path(identity, http_port), answer(dict.fromkeys(services, origin))),
        Route("/MSI/{secret}/token", token, methods=["POST"]),
    ]
