"""Blob storage's wire, as much as the SDK uses: put, put block, put block list, properties, ranged get."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from starlette.responses import FileResponse, Response
from starlette.routing import Route

from backend.local.blob_files import BlobFiles, artifact_of
from backend.local.wire import WireError

if TYPE_CHECKING:
    from starlette.requests import Request

    from backend.local.signatures import Permission, Signatures
    from backend.local.store import Store

MAX_BLOCK_LIST_BYTES = 8 << 20


def blob_routes(store: Store, files: BlobFiles, signatures: Signatures) -> list[Route]:
    """`/azureml/{blob}`, opened by the shared access signature in its query."""

    async def answer(request: Request) -> Response:
        try:
            if request.method == "PUT":
                return await put(request)
            return get(request)
        except WireError as error:
            return storage_error(error)

    async def put(request: Request) -> Response:
        artifact_id = opened(request, "w")
        component, digest = request.query_params.get("comp"), request.headers.get("content-md5")
        if component == "block":
            block = request.query_params.get("blockid", "")
            await files.receive_block(artifact_id, block, request.stream(), digest)
        elif component == "blocklist":
            await files.commit(artifact_id, block_list(await small_body(request)))
        elif component is None:
            await files.receive(artifact_id, request.stream(), digest)
        else:
            raise WireError(400, "UnsupportedQueryParameter", f"comp={component} isn't served here.")
        return Response(status_code=201, headers={"x-ms-request-server-encrypted": "false"})

    def get(request: Request) -> Response:
        artifact = store.artifact(opened(request, "r"))
        if artifact is None:
            raise WireError(404, "BlobNotFound", "There is no such blob.")
        headers = {"x-ms-blob-type": "BlockBlob", "Cache-Control": "no-store"}
        return FileResponse(files.path(artifact), media_type="application/octet-stream", headers=headers)

    def opened(request: Request, permission: Permission) -> str:
        artifact_id = artifact_of(request.path_params["blob"])
        if not signatures.accepts_sas(artifact_id, permission, request.url.query):
            raise WireError(
                403, "AuthenticationFailed", "The shared access signature is wrong or has expired."
            )
        return artifact_id

    return [Route("/azureml/{blob}", answer, methods=["PUT", "GET", "HEAD"])]


async def small_body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BLOCK_LIST_BYTES:
            raise WireError(400, "RequestBodyTooLarge", "The block list is too long.")
    return body


def block_list(body: bytes) -> list[str]:
    """The block ids of a `<BlockList>` document, in order; no DTD is read."""
    if b"<!" in body:
        raise WireError(400, "InvalidXmlDocument", "The block list must not have a document type.")
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 — entities were refused above
    except ElementTree.ParseError as fault:
        raise WireError(400, "InvalidXmlDocument", f"The block list isn't XML: {fault}.") from fault
    return [(item.text or "").strip() for item in root if item.tag in ("Latest", "Committed", "Uncommitted")]


def storage_error(error: WireError) -> Response:
    """An error as blob storage words it."""
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
    )
    headers = {"x-ms-error-code": error.code}
    return Response(body, error.status, headers=headers, media_type="application/xml")
