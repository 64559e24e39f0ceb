"""The artifact service: where the SDK asks for upload and download addresses."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from backend.local.blob_files import blob_name
from backend.local.wire import WireError, read_object, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from backend.local.records import Artifact
    from backend.local.signatures import Permission, Signatures
    from backend.local.store import Store

MAX_PATH = 1024


class ArtifactAddresses:
    """Signed addresses of artifacts, for uploads over TLS and downloads over plain http."""

    def __init__(self, signatures: Signatures, http_port: int, tls_port: int) -> None:
        self._signatures = signatures
        self._http_port = http_port
        self._tls_port = tls_port

    def upload(self, artifact_id: str) -> str:
        """An address whose host survives the SDK's splitting.

        The SDK cuts the host at its first two dots and rebuilds `https://<first>.blob.<rest>`; with user
        information
        before the real host, what it rebuilds is what it was given.
        """
        return f"https://x.blob.z@127.0.0.1:{self._tls_port}{self._signed(artifact_id, 'w')}"

    def download(self, artifact_id: str) -> str:
        return f"http://127.0.0.1:{self._http_port}{self._signed(artifact_id, 'r')}"

    def _signed(self, artifact_id: str, permission: Permission) -> str:
        return f"/azureml/{blob_name(artifact_id)}?{self._signatures.sas(artifact_id, permission)}"


def artifact_routes(base: str, store: Store, addresses: ArtifactAddresses) -> list[Route]:
    """The routes under `base` (/artifact/v2.0/<workspace>)."""

    async def create(request: Request) -> Response:
        origin, container = request.path_params["origin"], request.path_params["container"]
        body = await read_object(request)
        artifacts: dict[str, Any] = {}
        content: dict[str, Any] = {}
        for item in body.get("paths") or []:
            path = str(item.get("path", "")) if isinstance(item, dict) else ""
            artifact_id = checked_id(origin, container, path)
            artifacts[path] = description(artifact_id, time.time())
            content[path] = location(artifact_id, addresses.upload)
        return JSONResponse({"artifacts": artifacts, "artifactContentInformation": content, "errors": {}})

    async def under_prefix(request: Request) -> Response:
        found = store.artifacts_under(requested(request))
        value = [location(artifact.id, addresses.download) for artifact in found]
        return JSONResponse({"value": value, "continuationToken": None, "nextLink": None})

    async def one(request: Request) -> Response:
        artifact = existing(request)
        return JSONResponse(location(artifact.id, addresses.download))

    async def described(request: Request) -> Response:
        artifact = existing(request)
        return JSONResponse(description(artifact.id, artifact.created))

    def existing(request: Request) -> Artifact:
        artifact = store.artifact(requested(request))
        if artifact is None:
            raise WireError(404, "ArtifactNotFound", f"There is no artifact '{requested(request)}'.")
        return artifact

    named = "{origin}/{container}/{path:path}"
    return [
        Route(f"{base}/artifacts/batch/metadata/{{origin}}/{{container}}", create, methods=["POST"]),
        Route(f"{base}/artifacts/prefix/contentinfo/{named}", under_prefix),
        Route(f"{base}/artifacts/contentinfo/{named}", one),
        Route(f"{base}/artifacts/metadata/{named}", described),
    ]


def requested(request: Request) -> str:
    parts = request.path_params
    return checked_id(parts["origin"], parts["container"], parts["path"].rstrip("/"))


def checked_id(origin: str, container: str, path: str) -> str:
    """The id of an artifact; a `WireError` (400) when its path could leave the folder it is unpacked into."""
    segments = path.replace("\\", "/").split("/")
    if (
        not path
        or len(path) > MAX_PATH
        or "\0" in path
        or any(segment in ("", ".", "..") for segment in segments)
    ):
        raise WireError(
            400,
            "InvalidArtifactPath",
            f"An artifact's path must be relative, without empty, '.' or '..' parts, and at most "
            f"{MAX_PATH} characters: "
            f"{path[:200]!r}",
        )
    return f"{origin}/{container}/{'/'.join(segments)}"


def location(artifact_id: str, address: Callable[[str], str]) -> dict[str, Any]:
    origin, container, path = artifact_id.split("/", 2)
    return {"contentUri": address(artifact_id), "origin": origin, "container": container, "path": path}


def description(artifact_id: str, created: float) -> dict[str, Any]:
    origin, container, path = artifact_id.split("/", 2)
    return {
        "artifactId": artifact_id,
        "origin": origin,
        "container": container,
        "path": path,
        "etag": None,
        "createdTime": timestamp(created),
        "dataPath": None,
        "tags": None,
    }
