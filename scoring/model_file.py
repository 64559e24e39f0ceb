"""The model file: a zip of numpy arrays and one JSON text; data only, so opening one runs nobody's code.

    metadata.json         {"format": "yosoku-model", "version": 1, "kind": "state-space", ...}
    transition.npy        T  (k, k)     state[t+1] = state_intercept + T state[t] + noise, noise ~ N(0, Q)
    state_intercept.npy      (k,)
    state_covariance.npy  Q  (k, k)
    design.npy            Z  (k,)       y[t] = observation_intercept + Z state[t] + noise, noise ~ N(0, H)
    observation.npy          (2,)       observation_intercept, H
    initial_state.npy        (k,)       the state's mean before the first observation
    initial_covariance.npy   (k, k)
    observations.npy         (n,)       the series the model has seen

Any linear Gaussian model whose matrices don't change with time has this form; ARIMA and SARIMAX of every
order do.
"""

from __future__ import annotations

import io
import json
import math
import os
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from .errors import ModelFileInvalid
from .frequency import frequency_of, parse_moment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FORMAT = "yosoku-model"
VERSION = 1
KIND = "state-space"
MODEL_FILE_NAME = "forecast_model.npz"

MAX_STATES = 128
"""Size of the state, at most: a step costs its cube, and a request may have 5,000 steps."""
MAX_OBSERVATIONS = 50_000
MAX_METADATA_BYTES = 1_000_000

_METADATA = "metadata.json"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)

Vector: TypeAlias = npt.NDArray[np.float64]
Matrix: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StateSpaceModel:
    """A fitted model: what the equations at the top of this module need, and where the series stands.

    `frequency` is a pandas name, `start` the date of the first observation; `facts` are further JSON values
    (order, parameters, ...) that nothing computes with.
    """

    name: str
    frequency: str
    start: datetime
    transition: Matrix
    state_intercept: Vector
    state_covariance: Matrix
    design: Vector
    observation_intercept: float
    observation_variance: float
    initial_state: Vector
    initial_covariance: Matrix
    observations: Vector
    facts: Mapping[str, object] = field(default_factory=dict)


def write_model(model: StateSpaceModel, path: Path) -> None:
    """Write the model to `path` atomically; the same model always gives the same bytes."""
    arrays = {
        "transition": model.transition,
        "state_intercept": model.state_intercept,
        "state_covariance": model.state_covariance,
        "design": model.design,
        "observation": np.array([model.observation_intercept, model.observation_variance]),
        "initial_state": model.initial_state,
        "initial_covariance": model.initial_covariance,
        "observations": model.observations,
    }
    start = model.start.isoformat()
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "kind": KIND,
        "name": model.name,
        "frequency": model.frequency,
        "start": start,
        "facts": dict(model.facts),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        text = json.dumps(metadata, indent=1, allow_nan=False)
        archive.writestr(zipfile.ZipInfo(_METADATA, _ZIP_DATE), text)
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array, dtype="<f8"), (1, 0), False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _ZIP_DATE), member.getvalue())
    write_atomically(path, buffer.getvalue())


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


def read_model(path: Path) -> StateSpaceModel:
    """Read and check a model file.

    Raises ModelFileInvalid, saying what is wrong, for a file that is missing, damaged, not ours, of a newer
    format, or whose numbers can't be a model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            metadata = _read_metadata(archive, path)
            return _checked_model(archive, metadata)
    except ModelFileInvalid:
        raise
    except FileNotFoundError as error:
        raise ModelFileInvalid(f"There is no model file at {path}.") from error
    except zipfile.BadZipFile as error:
        raise ModelFileInvalid(f"{path.name} is not a {FORMAT} file, or it is cut short: {error}.") from error
    except (OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        # What zipfile raises for a damaged, encrypted or exotic archive.
        raise ModelFileInvalid(f"{path.name} can't be read: {error}.") from error


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise ModelFileInvalid(f"This is not a {FORMAT} file: it has no {name}.") from error
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > limit:
        raise ModelFileInvalid(f"{name} is compressed or over {limit} bytes; a {FORMAT} file isn't.")
    return archive.read(info)


def _read_metadata(archive: zipfile.ZipFile, path: Path) -> dict[str, object]:
    try:
        metadata = json.loads(_member(archive, _METADATA, MAX_METADATA_BYTES))
    except (ValueError, RecursionError) as error:
        raise ModelFileInvalid(f"{path.name}: {_METADATA} is not JSON: {error}.") from error
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise ModelFileInvalid(f"{path.name} is not a {FORMAT} file: its metadata doesn't say so.")
    version = metadata.get("version")
    if type(version) is not int or version < 1:
        raise ModelFileInvalid(f"{path.name}: version must be a whole number from 1, not {version!r}.")
    if version > VERSION:
        raise ModelFileInvalid(
            f"{path.name} has format version {version}, this code reads up to {VERSION}: deploy it with the "
            "scoring files of the release that made it."
        )
    if metadata.get("kind") != KIND:
        raise ModelFileInvalid(f"{path.name}: the kind {metadata.get('kind')!r} is not known, only {KIND!r}.")
    return metadata


def _text(metadata: dict[str, object], key: str) -> str:
    value = metadata.get(key)
    if not isinstance(value, str) or not value:
        raise ModelFileInvalid(f"{_METADATA}: {key} must be a text that isn't empty.")
    return value


def _array(archive: zipfile.ZipFile, name: str, shape: tuple[int | None, ...]) -> Vector:
    """One array: float64, of that shape (None is any size from 1), all finite."""
    largest = max(MAX_OBSERVATIONS, MAX_STATES * MAX_STATES) * 8 + 4096
    stream = io.BytesIO(_member(archive, f"{name}.npy", largest))
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ModelFileInvalid(f"{name}.npy is of another array format than 1.0.")
        found, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    except ValueError as error:
        raise ModelFileInvalid(f"{name}.npy is not an array: {error}.") from error
    if dtype != np.dtype("<f8") or fortran:
        raise ModelFileInvalid(f"{name}.npy holds {dtype}, it must be float64 in C order.")
    matches = len(found) == len(shape) and all(
        size >= 1 if wanted is None else size == wanted for size, wanted in zip(found, shape, strict=True)
    )
    if not matches:
        wanted_text = ", ".join("n" if size is None else str(size) for size in shape)
        raise ModelFileInvalid(f"{name}.npy has the shape {found}, it must be ({wanted_text}).")
    content = stream.read()
    if len(content) != 8 * math.prod(found):
        raise ModelFileInvalid(f"{name}.npy is cut short or too long for its shape {found}.")
    array = np.frombuffer(content, dtype="<f8").reshape(found).astype(np.float64)
    if not np.isfinite(array).all():
        raise ModelFileInvalid(f"{name}.npy has NaN or Infinity.")
    return array


def _checked_model(archive: zipfile.ZipFile, metadata: dict[str, object]) -> StateSpaceModel:
    name, frequency, start_text = (_text(metadata, key) for key in ("name", "frequency", "start"))
    try:
        start = parse_moment(start_text)
        frequency_of(frequency).place(start)
    except ValueError as error:
        raise ModelFileInvalid(f"{_METADATA}: {error}.") from error
    facts = metadata.get("facts", {})
    if not isinstance(facts, dict):
        raise ModelFileInvalid(f"{_METADATA}: facts must be an object.")
    design = _array(archive, "design", (None,))
    k = design.size
    observations = _array(archive, "observations", (None,))
    if k > MAX_STATES or observations.size > MAX_OBSERVATIONS:
        raise ModelFileInvalid(
            f"The model has {k} states and {observations.size} observations, at most {MAX_STATES} and "
            f"{MAX_OBSERVATIONS} are served."
        )
    intercept, variance = _array(archive, "observation", (2,)).tolist()
    model = StateSpaceModel(
        name=name,
        frequency=frequency,
        start=start,
        transition=_array(archive, "transition", (k, k)),
        state_intercept=_array(archive, "state_intercept", (k,)),
        state_covariance=_array(archive, "state_covariance", (k, k)),
        design=design,
        observation_intercept=intercept,
        observation_variance=variance,
        initial_state=_array(archive, "initial_state", (k,)),
        initial_covariance=_array(archive, "initial_covariance", (k, k)),
        observations=observations,
        facts=cast("dict[str, object]", facts),
    )
    for label, matrix in (("state", model.state_covariance), ("initial", model.initial_covariance)):
        if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-12) or (np.diag(matrix) < 0).any():
            raise ModelFileInvalid(f"{label}_covariance.npy is not a covariance matrix.")
    if variance < 0:
        raise ModelFileInvalid("observation.npy has a negative variance.")
    return model
