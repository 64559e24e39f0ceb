"""What a client may ask of a web service: bounds, names and references, checked before anything is done."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backend.local.registry import find_model
from backend.local.wire import WireError

if TYPE_CHECKING:
    from backend.local.faults import Faults
    from backend.local.records import Json, Service
    from backend.local.store import Store

NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
NAME_LENGTH = (3, 32)
CPU_CORES = (0.1, 4.0)
MEMORY_GB = (0.1, 16.0)
DEFAULT_CPU_CORES = 0.1
DEFAULT_MEMORY_GB = 0.5
ARTIFACT_URL = "aml://artifact/"
PATCHABLE = (
    "kvTags",
    "properties",
    "description",
    "authEnabled",
    "appInsightsEnabled",
    "environmentImageRequest",
    "containerResourceRequirements",
)
KEPT = (
    "description",
    "kvTags",
    "properties",
    "location",
    "authEnabled",
    "appInsightsEnabled",
    "cname",
    "dnsNameLabel",
    "containerResourceRequirements",
    "environmentImageRequest",
    "keys",
)


def checked_request(store: Store, body: Json) -> dict[str, Any]:
    """A create request with its defaults filled in; a `WireError` (400) names the field and the bound."""
    checked_name(body.get("name"))
    if body.get("computeType") != "ACI":
        raise WireError(
            400,
            "UnsupportedComputeType",
            f"This local workspace deploys to ACI; compute type '{body.get('computeType')}' isn't served "
            f"here.",
        )
    if body.get("sslEnabled"):
        raise _invalid(
            "sslEnabled",
            "TLS on the scoring address isn't served by the local workspace: it is loopback only.",
        )
    request = {name: copy.deepcopy(body.get(name)) for name in KEPT}
    request["computeType"] = "ACI"
    request["containerResourceRequirements"] = checked_resources(request["containerResourceRequirements"])
    request["keys"] = _texts(request["keys"], "keys")
    checked_image(store, request["environmentImageRequest"])
    return checked_record(request)


def checked_record(request: dict[str, Any]) -> dict[str, Any]:
    """What a request says beside its container: tags, properties, description, authentication."""
    texts = {name: _texts(request.get(name), name) for name in ("kvTags", "properties")}
    if not isinstance(request.get("description"), str | None):
        raise _invalid("description", "must be a text")
    return {**request, **texts, "authEnabled": bool(request.get("authEnabled"))}


def checked_name(name: object) -> str:
    """A service's name, in Azure's own rule."""
    shortest, longest = NAME_LENGTH
    if not isinstance(name, str) or not shortest <= len(name) <= longest or not NAME.fullmatch(name):
        raise _invalid(
            "name",
            f"must have {shortest} to {longest} lower-case letters, digits or '-', start with a letter "
            f"and not end with '-'",
        )
    return name


def checked_resources(given: object) -> dict[str, float]:
    """CPU cores and memory (GB), within what ACI grants."""
    requirements = given if isinstance(given, Mapping) else {}
    cpu = _bounded(requirements.get("cpu"), DEFAULT_CPU_CORES, CPU_CORES, "cpu_cores")
    memory = _bounded(requirements.get("memoryInGB"), DEFAULT_MEMORY_GB, MEMORY_GB, "memory_gb")
    return {"cpu": cpu, "memoryInGB": memory}


def checked_image(store: Store, image: object) -> None:
    """What the container is made of: every model and uploaded file must be there."""
    if not isinstance(image, Mapping):
        raise _invalid(
            "environmentImageRequest", "is missing: deploy with an InferenceConfig that has an Environment"
        )
    for model_id in model_ids(image):
        find_model(store, model_id)
    environment = image.get("environment")
    if not isinstance(environment, Mapping):
        raise WireError(
            400,
            "NoCodeDeploymentUnsupported",
            "Deploying a model without an InferenceConfig isn't served by the local workspace: pass an "
            "entry script and an "
            "environment.",
        )
    if not entry_script(image):
        raise _invalid("AZUREML_ENTRY_SCRIPT", "is missing from the environment's variables")
    for asset in image.get("assets") or []:
        url = str(asset.get("url") or "") if isinstance(asset, Mapping) else ""
        if store.artifact(url.removeprefix(ARTIFACT_URL)) is None:
            raise _invalid("assets", f"'{url[:200]}' was never uploaded: deploy again")


def checked_quota(faults: Faults, services: list[Service], name: str, cpu: float) -> None:
    """The region's core quota, when a fault switch sets one."""
    if faults.quota_cores is None:
        return
    used = sum(cores(service.current) for service in services if service.name != name)
    if used + cpu > faults.quota_cores:
        raise WireError(
            400,
            "ContainerGroupQuotaReached",
            "Resource type 'Microsoft.ContainerInstance/containerGroups' container group quota "
            "'StandardCores' exceeded in "
            f"region 'local'. Limit: '{faults.quota_cores:g}', Usage: '{used:g}' Requested: '{cpu:g}'.",
        )


def cores(request: Json) -> float:
    requirements = request.get("containerResourceRequirements") or {}
    return float(requirements.get("cpu") or 0.0)


def model_ids(image: Json) -> list[str]:
    return [str(model_id) for model_id in image.get("modelIds") or []]


def entry_script(image: Json) -> str:
    """The entry script's path inside the app folder; empty when the request names none."""
    variables = (image.get("environment") or {}).get("environmentVariables") or {}
    return str(variables.get("AZUREML_ENTRY_SCRIPT") or "")


def artifact_ids(request: Json | None) -> set[str]:
    """The uploads that a request needs."""
    image = (request or {}).get("environmentImageRequest") or {}
    return {str(asset.get("url") or "").removeprefix(ARTIFACT_URL) for asset in image.get("assets") or []}


def needs_deployment(before: Json, after: Json) -> bool:
    """Whether a change of request needs another container, or only another record."""
    decisive = ("environmentImageRequest", "containerResourceRequirements")
    return any(before.get(name) != after.get(name) for name in decisive)


def _bounded(given: object, default: float, bound: tuple[float, float], name: str) -> float:
    if given is None:
        return default
    lowest, highest = bound
    number = float(given) if isinstance(given, int | float) and not isinstance(given, bool) else float("nan")
    if not lowest <= number <= highest:
        raise _invalid(name, f"must be a number from {lowest:g} to {highest:g}, not {given!r:.40}")
    return number


def _texts(given: object, name: str) -> dict[str, str | None]:
    values = {} if given is None else given
    if not isinstance(values, dict) or not all(isinstance(value, str | None) for value in values.values()):
        raise _invalid(name, "must map names to texts")
    return values


def _invalid(field: str, sentence: str) -> WireError:
    return WireError(400, "InvalidServiceRequest", f"{field} {sentence}.".replace("..", "."))
