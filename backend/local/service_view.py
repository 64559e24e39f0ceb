"""A web service as the wire shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backend.local.registry import model_view
from backend.local.service_requests import model_ids
from backend.local.wire import timestamp

if TYPE_CHECKING:
    from backend.local.records import Json, Service
    from backend.local.service import ServiceStatus
    from backend.local.store import Store


def service_state(service: Service, status: ServiceStatus | None) -> str:
    """Azure's state: Transitioning while an operation runs, then what the serving revision says."""
    if service.operation is not None:
        return "Transitioning"
    if service.active_revision is None:
        return "Failed"
    return status.state if status is not None else "Transitioning"


def service_error(service: Service, status: ServiceStatus | None) -> Json | None:
    """Why the service isn't Healthy; None when it is, or is on its way."""
    if service.operation is not None:
        return None
    if service.active_revision is None:
        return service.error
    if status is None or status.state not in ("Unhealthy", "Failed"):
        return None
    return {"code": "ServiceUnhealthy", "statusCode": 500, "message": status.reason, "details": []}


def service_view(store: Store, service: Service, status: ServiceStatus | None, origin: str) -> dict[str, Any]:
    """Every key that the SDK insists on, and those that make the service useful.

    `origin` is the scoring address's scheme, host and port.
    """
    request = service.current
    image = request.get("environmentImageRequest") or {}
    resources = request.get("containerResourceRequirements") or {}
    uri = f"{origin}/scoring/{service.name}/score" if service.active_revision is not None else None
    return {
        "name": service.name,
        "description": request.get("description"),
        "computeType": "ACI",
        "createdTime": timestamp(service.created),
        "updatedTime": timestamp(service.updated),
        "kvTags": request.get("kvTags") or {},
        "properties": request.get("properties") or {},
        "state": service_state(service, status),
        "error": service_error(service, status),
        "operationId": service.operation,
        "appInsightsEnabled": bool(request.get("appInsightsEnabled")),
        "authEnabled": bool(request.get("authEnabled")),
        "scoringUri": uri,
        "cname": request.get("cname"),
        "location": request.get("location") or "local",
        "publicIp": "127.0.0.1",
        "publicFqdn": None,
        "sslCertificate": None,
        "sslEnabled": False,
        "sslKey": None,
        "containerResourceRequirements": {
            "cpu": resources.get("cpu"),
            "memoryInGB": resources.get("memoryInGB"),
            "cpuLimit": resources.get("cpu"),
            "memoryInGBLimit": resources.get("memoryInGB"),
            "gpu": None,
        },
        "environmentImageRequest": image or None,
        "models": _models(store, image),
    }


def _models(store: Store, image: Json) -> list[dict[str, Any]]:
    found = []
    for model_id in model_ids(image):
        name, _, version = model_id.rpartition(":")
        model = store.model(name, int(version)) if version.isdigit() else None
        if model is not None:
            found.append(model_view(model))
    return found
