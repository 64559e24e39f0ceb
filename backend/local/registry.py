"""Model management's registry: assets and models."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.local.patching import apply_patch
from backend.local.records import Asset, Json, Model
from backend.local.wire import WireError, matches_filter, read_json, read_object, text_field, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.requests import Request

    from backend.local.blob_files import BlobFiles
    from backend.local.store import Store

MODEL_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")
PAGE = 255
ASSET_URL = "aml://asset/"
PATCHABLE = (
    "kvTags",
    "properties",
    "description",
    "sampleInputData",
    "sampleOutputData",
    "resourceRequirements",
)
TEXTS = (
    "url",
    "mimeType",
    "description",
    "framework",
    "frameworkVersion",
    "experimentName",
    "runId",
    "parentModelId",
    "sampleInputData",
    "sampleOutputData",
)


def registry_routes(
    base: str, link: str, store: Store, files: BlobFiles, services_using: Callable[[str], list[str]]
) -> list[Route]:
    """The routes under `base` (/modelmanagement/v1.0/<workspace>); `link` is `base` with scheme and host."""

    async def create_asset(request: Request) -> Response:
        body = await read_object(request)
        artifacts = body.get("artifacts")
        if not isinstance(artifacts, list) or not all(isinstance(item, dict) for item in artifacts):
            raise WireError(
                400, "InvalidAsset", "'artifacts' must be a list of objects with a prefix or an id."
            )
        asset = Asset(uuid.uuid4().hex, text_field(body, "name"), time.time(), tuple(artifacts))
        store.add_asset(asset)
        return JSONResponse(asset_view(asset))

    async def get_asset(request: Request) -> Response:
        asset = store.asset(request.path_params["id"])
        if asset is None:
            raise WireError(404, "AssetNotFound", f"There is no asset '{request.path_params['id']}'.")
        return JSONResponse(asset_view(asset))

    async def register(request: Request) -> Response:
        body = registration(await read_object(request))
        missing = missing_content(store, body["url"])
        if missing:
            raise WireError(400, "ModelContentMissing", missing)
        return JSONResponse(model_view(store.add_model(body.pop("name"), body, time.time())))

    async def listed(request: Request) -> Response:
        query = request.query_params
        token = query.get("$skipToken")
        if token is not None and not (token.isascii() and token.isdigit()):
            raise WireError(400, "InvalidSkipToken", "$skipToken must be one that an earlier page gave.")
        size = page_size(query.get("count"))
        found = matching(store, query, int(token) if token else None)
        page = [model for _, model in zip(range(size), found, strict=False)]
        answer: dict[str, Any] = {"value": [model_view(model) for model in page]}
        if next(found, None) is not None:
            kept = [(name, value) for name, value in query.multi_items() if name != "$skipToken"]
            answer["nextLink"] = f"{link}/models?{urlencode([*kept, ('$skipToken', str(page[-1].row))])}"
        return JSONResponse(answer)

    async def one(request: Request) -> Response:
        return JSONResponse(model_view(find_model(store, request.path_params["id"])))

    async def patch(request: Request) -> Response:
        model = find_model(store, request.path_params["id"])
        changed = checked(apply_patch(model.body, await read_json(request), PATCHABLE))
        store.change_model(model, changed, time.time())
        return JSONResponse(model_view(find_model(store, model.id)))

    async def delete(request: Request) -> Response:
        model = find_model(store, request.path_params["id"])
        using = services_using(model.id)
        if using:
            raise in_use(model, using)
        remove_model(store, files, model)
        return Response(status_code=200)

    return [
        Route(f"{base}/assets", create_asset, methods=["POST"]),
        Route(f"{base}/assets/{{id}}", get_asset),
        Route(f"{base}/models", register, methods=["POST"]),
        Route(f"{base}/models", listed),
        Route(f"{base}/models/{{id}}", one),
        Route(f"{base}/models/{{id}}", patch, methods=["PATCH"]),
        Route(f"{base}/models/{{id}}", delete, methods=["DELETE"]),
    ]


def registration(given: Json) -> dict[str, Any]:
    """A registration's body, checked: name, texts, tags and properties."""
    name = text_field(given, "name")
    if not MODEL_NAME.fullmatch(name):
        raise WireError(
            400,
            "InvalidModelName",
            f"'{name[:80]}' can't be a model's name: letters, digits, '-', '_' and '.', starting with a "
            f"letter or digit, "
            "at most 255 characters.",
        )
    text_field(given, "url", longest=2048)
    kept = {key: given.get(key) for key in (*TEXTS, "kvTags", "properties", "resourceRequirements")}
    return checked(
        {**kept, "name": name, "unpack": bool(given.get("unpack")), "datasets": given.get("datasets") or []}
    )


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """`body` with its texts and its maps of texts checked; tags and properties become maps."""
    for key in TEXTS:
        if not isinstance(body.get(key), str | None):
            raise WireError(400, "InvalidModel", f"'{key}' must be a text.")
    for key in ("kvTags", "properties"):
        values = body.get(key) or {}
        if not isinstance(values, dict) or not all(
            isinstance(value, str | None) for value in values.values()
        ):
            raise WireError(400, "InvalidModel", f"'{key}' must map names to texts.")
        body[key] = values
    return body


def missing_content(store: Store, url: str) -> str:
    """Why the content behind a model's url isn't there; empty when it is."""
    if not url.startswith(ASSET_URL):
        return f"A model's url must start with {ASSET_URL}; '{url[:100]}' doesn't."
    asset = store.asset(url.removeprefix(ASSET_URL))
    if asset is None:
        return f"There is no asset '{url}'."
    for item in asset.artifacts:
        if not store.artifacts_under(str(item.get("prefix") or item.get("id") or "")):
            return (
                f"Nothing was uploaded to '{item.get('prefix') or item.get('id')}': register the model again."
            )
    return ""


def matching(store: Store, query: Any, before: int | None) -> Iterator[Model]:
    """The models that a list's query asks for, newest first."""
    latest = store.latest_versions() if query.get("latestVersionOnly", "").lower() == "true" else None
    for model in store.models(query.get("name") or None, before):
        body = model.body
        if (
            (latest is None or latest.get(model.name) == model.version)
            and matches_filter(query.get("tags") or query.get("tag"), body.get("kvTags"))
            and matches_filter(query.get("properties"), body.get("properties"))
            and query.get("runId") in (None, "", body.get("runId"))
            and query.get("framework") in (None, "", body.get("framework"))
        ):
            yield model


def page_size(given: str | None) -> int:
    if given is None:
        return PAGE
    if not (given.isascii() and given.isdigit()) or int(given) < 1:
        raise WireError(400, "InvalidCount", f"count must be a number from 1 to {PAGE}, not {given[:20]!r}.")
    return min(int(given), PAGE)


def find_model(store: Store, model_id: str) -> Model:
    """The model `name:version`; a `WireError` (404) when there is none."""
    name, _, version = model_id.rpartition(":")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    model = store.model(name, number)
    if model is None:
        raise WireError(404, "ModelNotFound", f"There is no model '{model_id}' in this workspace.")
    return model


def in_use(model: Model, services: list[str]) -> WireError:
    """The refusal to delete a model that services need.

    The SDK prints a deletion's `correlation` and drops its message, so the sentence is in both.
    """
    names = ", ".join(f"'{name}'" for name in services)
    message = f"Model {model.id} is in use by web service {names}. Delete or update the service first."
    return WireError(412, "DeletionRequired", message, correlation={"Reason": message})


def remove_model(store: Store, files: BlobFiles, model: Model) -> None:
    """Delete a model, and its asset and files when no other model shares them."""
    url = str(model.body.get("url") or "")
    with store.transaction():
        store.remove_model(model)
        shared = any(other.body.get("url") == url for other in store.models())
        asset = None if shared else store.asset(url.removeprefix(ASSET_URL))
        artifacts = []
        if asset is not None:
            store.remove_asset(asset.id)
            for item in asset.artifacts:
                artifacts += store.artifacts_under(str(item.get("prefix") or item.get("id") or ""))
        for artifact in artifacts:
            store.remove_artifact(artifact.id)
    for artifact in artifacts:
        files.path(artifact).unlink(missing_ok=True)


def asset_view(asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.id,
        "name": asset.name,
        "type": None,
        "description": None,
        "artifacts": [dict(item) for item in asset.artifacts],
        "kvTags": {},
        "properties": {},
        "createdTime": timestamp(asset.created),
    }


def model_view(model: Model) -> dict[str, Any]:
    """A model as the wire shows it; `tags` and `kvTags` are the same, since the SDK reads both."""
    body = model.body
    tags = dict(body.get("kvTags") or {})
    return {
        **{key: body.get(key) for key in TEXTS},
        "id": model.id,
        "name": model.name,
        "version": model.version,
        "kvTags": tags,
        "tags": tags,
        "properties": dict(body.get("properties") or {}),
        "unpack": bool(body.get("unpack")),
        "datasets": list(body.get("datasets") or []),
        "resourceRequirements": body.get("resourceRequirements"),
        "derivedModelIds": [],
        "createdTime": timestamp(model.created),
        "modifiedTime": timestamp(model.modified),
        "createdBy": None,
    }
