"""What is in a registered model, without fetching it whole: its files, and whether loading one runs code."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import requests

from backend import models
from backend.errors import WorkspaceUnavailable
from backend.workspace import sdk_errors

if TYPE_CHECKING:
    from azureml.core import Workspace

HEAD_BYTES = 16
TIMEOUT_SECONDS = 10.0
READERS = 8
# Names under which pickles go; joblib's, PyTorch's and keras's formats hold pickled objects or code too.
PICKLE_SUFFIXES = frozenset(
    {".pkl", ".pickle", ".p", ".pck", ".joblib", ".dill", ".cloudpickle", ".sav", ".pt", ".pth"}
)
# Protocol 2 and later begin with PROTO and their number; 0 and 1, and packed ones, are told by their names.
PICKLE_PROTOCOLS = tuple(bytes([0x80, number]) for number in range(2, 6))


@dataclass(frozen=True)
class ModelContents:
    """The files of a version, and those of them that run code when they are loaded."""

    files: tuple[str, ...]
    runs_code: tuple[str, ...]


def runs_code(name: str, head: bytes) -> bool:
    """Whether loading a file runs code that it holds: a pickle by its first bytes or by its name."""
    return head.startswith(PICKLE_PROTOCOLS) or PurePosixPath(name).suffix.lower() in PICKLE_SUFFIXES


def read_contents(workspace: Workspace, name: str, version: int) -> ModelContents:
    """List a version's files and look at the first bytes of each; no file is loaded.

    NotFound when the registry hasn't the version; WorkspaceUnavailable when a file can't be read.
    """
    model = models.find(workspace, name, version)
    with sdk_errors(f"list the files of {name}:{version}"):
        signed = dict(model.get_sas_urls())
    paths = sorted(signed)
    with ThreadPoolExecutor(READERS) as pool:
        heads = list(pool.map(lambda path: _head(signed[path], path), paths))
    unsafe = tuple(path for path, head in zip(paths, heads, strict=True) if runs_code(path, head))
    return ModelContents(tuple(paths), unsafe)


def _head(url: str, path: str) -> bytes:
    """The first bytes of a stored file; the signed address must not get into an error."""
    try:
        with requests.get(
            url, headers={"Range": f"bytes=0-{HEAD_BYTES - 1}"}, timeout=TIMEOUT_SECONDS, stream=True
        ) as response:
            if response.status_code in (200, 206):
                return next(response.iter_content(HEAD_BYTES), b"")
            problem = str(response.status_code)
            if response.status_code == 416:  # an empty file has no first byte
                return b""
    except requests.RequestException as error:
        problem = type(error).__name__
    raise WorkspaceUnavailable(
        f"The file {path} of the model can't be read ({problem}).",
        code="preflight.unreadable",
        name=path,
        evidence=problem,
    )
