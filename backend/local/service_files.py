"""A revision's folder, laid out as Azure's image: app folder, sources, models by name and version."""

from __future__ import annotations

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from backend.local.registry import ASSET_URL, find_model
from backend.local.service_requests import ARTIFACT_URL, model_ids
from backend.local.wire import WireError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.local.blob_files import BlobFiles
    from backend.local.records import Json, Model
    from backend.local.store import Store

APP = "azureml-app"
MODELS = "azureml-models"
MAX_UNPACKED_BYTES = 2 << 30
MAX_UNPACKED_ENTRIES = 50_000


@dataclass(frozen=True)
class PlacedFile:
    """A stored file and where it goes below the app folder; an archive is unpacked into `target`."""

    source: Path
    target: PurePosixPath
    unpack: bool = False


def plan(store: Store, files: BlobFiles, image: Json) -> list[PlacedFile]:
    """Every file of a request's app folder; a `WireError` when one is gone."""
    placed = [_asset(store, files, asset) for asset in image.get("assets") or []]
    for model_id in model_ids(image):
        placed += _model(store, files, find_model(store, model_id))
    return placed


def assemble(folder: Path, placed: list[PlacedFile]) -> None:
    """Make `folder`/azureml-app. Blocking: call it in a thread. Model files are copies, read-only.

    Copies and no links: a script that writes to its model must not reach the registry's own file.
    """
    app = folder / APP
    app.mkdir(parents=True)
    for item in placed:
        target = app / item.target
        if item.unpack:
            target.mkdir(parents=True, exist_ok=True)
            unpack(item.source, target)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(item.source, target)
            target.chmod(0o444 if item.target.parts[0] == MODELS else 0o644)


def model_directory(folder: Path, image: Json) -> Path | None:
    """AZUREML_MODEL_DIR: the version's folder for one model, the folder of all for several, none for none."""
    ids = model_ids(image)
    if not ids:
        return None
    models = folder / APP / MODELS
    if len(ids) > 1:
        return models
    name, _, version = ids[0].rpartition(":")
    return models / name / version


def unpack(archive: Path, target: Path) -> None:
    """Unpack a tar into `target`; only files and folders, none outside, at most 2 GiB and 50,000 entries."""
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in _safe_members(tar):
                tar.extract(member, target, filter="data", set_attrs=False)
    except (tarfile.TarError, EOFError, OSError) as fault:
        raise WireError(
            400, "SourceArchiveInvalid", f"The source archive can't be unpacked: {fault}."
        ) from fault


def _safe_members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    size = 0
    for count, member in enumerate(tar, start=1):
        size += member.size
        if count > MAX_UNPACKED_ENTRIES or size > MAX_UNPACKED_BYTES:
            raise WireError(
                400,
                "SourceArchiveTooLarge",
                f"The source directory unpacks to more than {MAX_UNPACKED_BYTES >> 30} GiB or "
                f"{MAX_UNPACKED_ENTRIES} entries.",
            )
        if not (member.isfile() or member.isdir()):
            raise WireError(
                400,
                "SourceArchiveInvalid",
                f"'{member.name}' in the source directory is a link or a device; only files and folders "
                f"can be deployed.",
            )
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts:
            raise WireError(
                400, "SourceArchiveInvalid", f"'{member.name}' in the source archive leaves its folder."
            )
        yield member


def _asset(store: Store, files: BlobFiles, asset: Json) -> PlacedFile:
    url, name = str(asset.get("url") or ""), str(asset.get("id") or "")
    artifact = store.artifact(url.removeprefix(ARTIFACT_URL))
    if artifact is None:
        raise WireError(400, "AssetNotFound", f"'{url[:200]}' was never uploaded: deploy again.")
    if asset.get("unpack"):
        return PlacedFile(files.path(artifact), PurePosixPath("."), unpack=True)
    if name in ("", ".", "..", MODELS) or "/" in name or "\\" in name or "\0" in name:
        raise WireError(400, "InvalidAsset", f"An asset's id must be a file name, not {name[:100]!r}.")
    return PlacedFile(files.path(artifact), PurePosixPath(name))


def _model(store: Store, files: BlobFiles, model: Model) -> list[PlacedFile]:
    base = PurePosixPath(MODELS) / model.name / str(model.version)
    asset = store.asset(str(model.body.get("url") or "").removeprefix(ASSET_URL))
    placed: list[PlacedFile] = []
    for item in asset.artifacts if asset is not None else ():
        whole = PurePosixPath(str(item.get("prefix") or item.get("id") or ""))
        for artifact in store.artifacts_under(str(whole)):
            inside = PurePosixPath(artifact.id).relative_to(whole.parent)
            unpacked = bool(model.body.get("unpack"))
            target = base if unpacked else base / inside
            placed.append(PlacedFile(files.path(artifact), target, unpack=unpacked))
    if not placed:
        raise WireError(
            400, "ModelContentMissing", f"The files of model {model.id} are gone: register it again."
        )
    return placed
