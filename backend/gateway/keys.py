"""The gateway's own two keys, made once and kept in a file that only its owner reads."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from backend.services import Keys

if TYPE_CHECKING:
    from backend.services import WhichKey

FILE = "keys.json"
KEY_BYTES = 32


class KeyFile:
    """Reads the keys of a folder; a rotated key counts from the next request on."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._seen: tuple[int, int] | None = None
        self._keys: Keys | None = None

    def keys(self) -> Keys:
        """Both keys as they are now; made on the first call in a new folder."""
        if not self._path.exists():
            _write(self._path, Keys(_new(), _new()), only_new=True)
        status = self._path.stat()
        seen = (status.st_mtime_ns, status.st_ino)
        if self._keys is None or seen != self._seen:
            self._keys = Keys(**json.loads(self._path.read_text(encoding="utf-8")))
            self._seen = seen
        return self._keys

    def rotate(self, which: WhichKey) -> Keys:
        """Give one key a new random value; callers with the old one are refused from then on."""
        before = self.keys()
        _write(
            self._path,
            replace(before, primary=_new()) if which == "primary" else replace(before, secondary=_new()),
        )
        return self.keys()


def write_private(path: Path, text: str, *, only_new: bool = False) -> None:
    """Write a file that only its owner reads, all of it or nothing; with `only_new` the one that is there
    stays, whoever else makes it at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)  # mkstemp makes it 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
    if only_new:
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(temporary)
        Path(temporary).unlink()
    else:
        Path(temporary).replace(path)


def _write(path: Path, keys: Keys, *, only_new: bool = False) -> None:
    write_private(path, json.dumps(asdict(keys)), only_new=only_new)


def _new() -> str:
    return secrets.token_urlsafe(KEY_BYTES)
