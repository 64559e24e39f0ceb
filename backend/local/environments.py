"""The environment service: named, versioned definitions; the same definition gets the same version."""

from __future__ import annotations

import hashlib
import json
import re
import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.local.records import Environment
from backend.local.wire import WireError, read_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from backend.local.store import Store

NAME = re.compile(r"[a-zA-Z0-9_.\-]{1,255}")
VERSION = re.compile(r"[a-zA-Z0-9_.\-]{1,100}")
DEPLOYMENT_VARIABLES = ("AZUREML_ENTRY_SCRIPT", "AZUREML_SOURCE_DIRECTORY")
KEYS = ("python", "environmentVariables", "docker", "spark", "inferencingStackVersion", "r", "assetId")


def environment_routes(base: str, store: Store) -> list[Route]:
    """The routes under `base` (/environment/v1.0/<workspace>)."""

    async def put(request: Request) -> Response:
        name, version = request.path_params["name"], request.path_params.get("version")
        registered = register(store, name, await read_object(request), version)
        return JSONResponse(view(registered))

    async def get(request: Request) -> Response:
        name, version = request.path_params["name"], request.path_params.get("version")
        return JSONResponse(view(find(store, name, version)))

    async def labelled(request: Request) -> Response:
        name, label = request.path_params["name"], request.path_params["label"]
        if label.lower() != "latest":
            raise WireError(404, "LabelNotFound", f"Only the label 'latest' is kept here, not '{label}'.")
        return JSONResponse(view(find(store, name, None)))

    async def listed(request: Request) -> Response:
        newest: dict[str, Environment] = {}
        for environment in store.environments():
            newest.setdefault(environment.name, environment)
        value = [view(newest[name]) for name in sorted(newest)]
        return JSONResponse({"value": value, "continuationToken": None})

    async def versions(request: Request) -> Response:
        name = request.path_params["name"]
        find(store, name, None)
        value = [view(environment) for environment in store.environments(name)]
        return JSONResponse({"value": value, "continuationToken": None})

    one = f"{base}/environments/{{name}}"
    return [
        Route(f"{base}/environments", listed),
        Route(f"{base}/environments/", listed),
        Route(one, put, methods=["PUT"]),
        Route(one, get),
        Route(f"{one}/versions", versions),
        Route(f"{one}/versions/{{version}}", put, methods=["PUT"]),
        Route(f"{one}/versions/{{version}}", get),
        Route(f"{one}/labels/{{label}}", labelled),
    ]


def register(store: Store, name: str, given: Mapping[str, Any], version: str | None = None) -> Environment:
    """Register a definition; the version that already holds the same one is given back.

    A version never changes what it means: a different definition under a version that exists gets the next
    number.
    """
    if not NAME.fullmatch(name):
        raise WireError(400, "InvalidEnvironmentName", f"'{name[:80]}' can't be an environment's name.")
    if version is not None and not VERSION.fullmatch(version):
        raise WireError(
            400, "InvalidEnvironmentVersion", f"'{version[:80]}' can't be an environment's version."
        )
    definition = normalized(given)
    digest = hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
    known = store.environments(name)
    taken = {environment.version for environment in known}
    for environment in known:
        if environment.digest == digest and version in (None, environment.version, *taken):
            return environment
    if version is None or version in taken:
        version = str(1 + max((int(number) for number in taken if number.isdigit()), default=0))
    registered = Environment(name, version, digest, time.time(), definition)
    store.add_environment(registered)
    return registered


def normalized(given: Mapping[str, Any]) -> dict[str, Any]:
    """A definition with the SDK's own key names, whatever its case, without a deployment's variables."""
    lowered = {key.lower(): value for key, value in given.items()}
    definition = {key: lowered.get(key.lower()) for key in KEYS}
    variables = definition["environmentVariables"]
    if isinstance(variables, dict):
        definition["environmentVariables"] = {
            name: value for name, value in variables.items() if name not in DEPLOYMENT_VARIABLES
        }
    return definition


def find(store: Store, name: str, version: str | None) -> Environment:
    """The newest version, or the asked one; a `WireError` (404) when there is none."""
    for environment in store.environments(name):
        if version is None or environment.version == version:
            return environment
    wanted = name if version is None else f"{name}:{version}"
    raise WireError(404, "EnvironmentNotFound", f"There is no environment '{wanted}' in this workspace.")


def view(environment: Environment) -> dict[str, Any]:
    return {"name": environment.name, "version": environment.version, **environment.definition}
