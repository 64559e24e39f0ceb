"""Arrays of float64 in a zip archive: plain data, read with every bound checked, so that nothing runs."""

from __future__ import annotations

import io
import math
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import ModelFileInvalid

if TYPE_CHECKING:
    from .kinds.outlook import Vector

MAX_ARRAY_VALUES = 50_000
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class ArrayReader:
    """Reads the arrays below one folder of an archive."""

    archive: zipfile.ZipFile
    folder: str = ""

    def below(self, name: str) -> ArrayReader:
        """The reader of a folder in this one."""
        return ArrayReader(self.archive, f"{self.folder}{name}/")

    def text(self, name: str, limit: int) -> bytes:
        """A member as it is; ModelFileInvalid when it is missing, compressed or too large."""
        try:
            info = self.archive.getinfo(f"{self.folder}{name}")
        except KeyError as error:
            raise ModelFileInvalid(f"The file has no {self.folder}{name}.") from error
        if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
            raise ModelFileInvalid(f"{self.folder}{name} is compressed or over {limit} bytes.")
        return self.archive.read(info)

    def read(self, name: str, shape: tuple[int | None, ...]) -> Vector:
        """One array of that shape (None: any from 1), all finite; ModelFileInvalid when it isn't so."""
        label = f"{self.folder}{name}.npy"
        stream = io.BytesIO(self.text(f"{name}.npy", MAX_ARRAY_VALUES * 8 + 4096))
        try:
            if np.lib.format.read_magic(stream) != (1, 0):
                raise ModelFileInvalid(f"{label} is of another array format than 1.0.")
            found, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        except ValueError as error:
            raise ModelFileInvalid(f"{label} is not an array: {error}.") from error
        if dtype != np.dtype("<f8") or fortran:
            raise ModelFileInvalid(f"{label} holds {dtype}, it must be float64 in C order.")
        matches = len(found) == len(shape) and all(
            size >= 1 if wanted is None else size == wanted for size, wanted in zip(found, shape, strict=True)
        )
        if not matches:
            wanted_text = ", ".join("n" if size is None else str(size) for size in shape)
            raise ModelFileInvalid(f"{label} has the shape {found}, it must be ({wanted_text}).")
        content = stream.read()
        if len(content) != 8 * math.prod(found):
            raise ModelFileInvalid(f"{label} is cut short or too long for its shape {found}.")
        array = np.frombuffer(content, dtype="<f8").reshape(found).astype(np.float64)
        if not np.isfinite(array).all():
            raise ModelFileInvalid(f"{label} has NaN or Infinity.")
        return array


def add_array(archive: zipfile.ZipFile, name: str, array: Vector) -> None:
    """Write one array; the same values always give the same bytes."""
    member = io.BytesIO()
    np.lib.format.write_array(member, np.ascontiguousarray(array, dtype="<f8"), (1, 0), False)
    archive.writestr(zipfile.ZipInfo(f"{name}.npy", _ZIP_DATE), member.getvalue())


def add_text(archive: zipfile.ZipFile, name: str, text: str) -> None:
    """Write one text."""
    archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), text)


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` beside `path` and rename it, so that a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
