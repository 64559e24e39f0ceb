"""Artifacts on disk: received as a stream, checked, made durable, and only then given their name."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import os
import shutil
import time
import uuid
from typing import TYPE_CHECKING

from backend.local.records import Artifact
from backend.local.signatures import SAS_SECONDS
from backend.local.state import make_private, sync_folder
from backend.local.wire import WireError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from backend.local.store import Store

MAX_ARTIFACT_BYTES = 2 << 30


class BlobFiles:
    """The content of every artifact, under `root`; the store's rows say which files count."""

    def __init__(self, root: Path, store: Store) -> None:
        self._root = root
        self._store = store
        self._partial = root / "partial"
        make_private(root)
        make_private(self._partial)

    def path(self, artifact: Artifact) -> Path:
        return self._root / artifact.file

    async def receive(self, artifact_id: str, stream: AsyncIterator[bytes], digest: str | None) -> Artifact:
        """Store a whole artifact; `digest` is its base64 MD5 when the client sent one (else not checked)."""
        temporary = self._partial / f"{uuid.uuid4().hex}.whole"
        try:
            size = await _write(temporary, stream, digest)
            return await self._keep(artifact_id, temporary, size)
        finally:
            temporary.unlink(missing_ok=True)

    async def receive_block(
        self, artifact_id: str, block: str, stream: AsyncIterator[bytes], digest: str | None
    ) -> None:
        """Store one block of an artifact; it counts for nothing before `commit`."""
        folder = self._block_folder(artifact_id)
        if not folder.exists():
            await asyncio.to_thread(self._remove_abandoned)
            folder.mkdir(exist_ok=True)
        temporary = folder / f"{uuid.uuid4().hex}.part"
        try:
            await _write(temporary, stream, digest)
            temporary.replace(folder / _name(block))
        finally:
            temporary.unlink(missing_ok=True)

    async def commit(self, artifact_id: str, blocks: Sequence[str]) -> Artifact:
        """Join the blocks, in the given order, into the artifact."""
        folder = self._block_folder(artifact_id)
        paths = [folder / _name(block) for block in blocks]
        if not all(path.is_file() for path in paths):
            shutil.rmtree(folder, ignore_errors=True)
            raise WireError(400, "InvalidBlockList", "A block of the list was never uploaded.")
        if sum(path.stat().st_size for path in paths) > MAX_ARTIFACT_BYTES:
            raise _too_large()
        temporary = self._partial / f"{uuid.uuid4().hex}.joined"
        try:
            size = await asyncio.to_thread(_join, paths, temporary)
            artifact = await self._keep(artifact_id, temporary, size)
        finally:
            temporary.unlink(missing_ok=True)
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return artifact

    def remove(self, artifact: Artifact) -> None:
        """Forget an artifact and its file."""
        self._store.remove_artifact(artifact.id)
        self.path(artifact).unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove what a crash left: half-written files, and files that no record names. Only at start."""
        left = list(self._partial.iterdir())
        for path in left:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        known = self._store.artifact_files()
        unknown = [
            path
            for path in self._root.glob("??/*")
            if path.is_file() and path.relative_to(self._root).as_posix() not in known
        ]
        for path in unknown:
            path.unlink(missing_ok=True)
        return len(left) + len(unknown)

    async def _keep(self, artifact_id: str, temporary: Path, size: int) -> Artifact:
        # a new file name for each upload: an artifact that is uploaded anew never changes under a reader
        name = f"{_name(artifact_id)}-{uuid.uuid4().hex[:8]}"
        artifact = Artifact(artifact_id, f"{name[:2]}/{name}", size, time.time())
        former = self._store.artifact(artifact_id)
        await asyncio.to_thread(_settle, temporary, self._root / artifact.file)
        self._store.put_artifact(artifact)
        if former is not None:
            self.path(former).unlink(missing_ok=True)
        return artifact

    def _remove_abandoned(self) -> None:
        """Remove uploads that can't be finished any more, since their signature has expired."""
        for folder in self._partial.glob("*.blocks"):
            if time.time() - folder.stat().st_mtime > SAS_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)

    def _block_folder(self, artifact_id: str) -> Path:
        return self._partial / f"{_name(artifact_id)}.blocks"


async def _write(path: Path, stream: AsyncIterator[bytes], digest: str | None) -> int:
    size = 0
    summed = hashlib.md5(usedforsecurity=False) if digest else None
    with path.open("xb") as target:
        async for part in stream:
            size += len(part)
            if size > MAX_ARTIFACT_BYTES:
                raise _too_large()
            target.write(part)
            if summed is not None:
                summed.update(part)
    if summed is not None and base64.b64encode(summed.digest()).decode() != digest:
        raise WireError(
            400, "Md5Mismatch", "The content doesn't match its Content-MD5: it was damaged on its way."
        )
    return size


def _join(paths: Sequence[Path], target: Path) -> int:
    with target.open("xb") as joined:
        for path in paths:
            with path.open("rb") as part:
                shutil.copyfileobj(part, joined, 1 << 20)
        return joined.tell()


def _settle(temporary: Path, final: Path) -> None:
    final.parent.mkdir(exist_ok=True)
    with temporary.open("rb") as stream:
        os.fchmod(stream.fileno(), 0o400)
        os.fsync(stream.fileno())
    temporary.replace(final)
    sync_folder(final.parent)


def _name(identifier: str) -> str:
    return hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()


def _too_large() -> WireError:
    return WireError(
        400, "RequestBodyTooLarge", f"An artifact may have at most {MAX_ARTIFACT_BYTES >> 30} GiB."
    )


def blob_name(artifact_id: str) -> str:
    """The artifact's name in a blob URL: base64, since the SDK would quote any other name once too often."""
    return base64.urlsafe_b64encode(artifact_id.encode()).rstrip(b"=").decode()


def artifact_of(name: str) -> str:
    """The artifact id behind a blob's name; a `WireError` (404) when it isn't one of ours."""
    try:
        return base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
    except (binascii.Error, ValueError) as fault:
        raise WireError(404, "BlobNotFound", "There is no such blob.") from fault
