"""The model file: a zip of numpy arrays and one JSON text; data only, so opening one runs nobody's code.

    metadata.json           {"format": "yosoku-model", "version": 2, "name", "frequency", "facts",
                             "series": [{"id", "start", "label", "intervals", "model"}, ...], "hierarchy"}
    0/observations.npy      the values that series 0 has seen, (n,)
    0/model/....npy         the arrays of its model; those of its members one folder below each
    summing.npy, weights.npy    of a hierarchy, see `Hierarchy`

A model is one of the kinds of `kinds/`: `{"kind": ..., settings..., "members": [...]}`. Files of version 1
hold one state-space model with Gaussian intervals, and are read too.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, cast

from .array_files import ArrayReader, add_array, add_text, write_atomically
from .contract import MAX_HORIZON
from .errors import ModelFileInvalid
from .frequency import frequency_of, parse_moment
from .hierarchy import Hierarchy, read_hierarchy
from .intervals import Intervals, read_intervals
from .kinds.reading import read_kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from .kinds.outlook import Kind, Vector

FORMAT = "yosoku-model"
VERSION = 2
MODEL_FILE_NAME = "forecast_model.npz"

MAX_OBSERVATIONS = 50_000
"""Values of one series, at most."""
MAX_SERIES = 10_000
MAX_METADATA_BYTES = 50_000_000
_METADATA = "metadata.json"


@dataclass(frozen=True)
class SeriesModel:
    """One series: what it has seen, its model and its intervals; `label` says in a word what the model is."""

    id: str
    start: datetime
    observations: Vector
    kind: Kind
    intervals: Intervals
    label: str = ""


@dataclass(frozen=True)
class ForecastModel:
    """What an endpoint serves: one series or many at one frequency (pandas' name of it).

    `facts` are further JSON values that nothing computes with.
    """

    name: str
    frequency: str
    series: tuple[SeriesModel, ...]
    hierarchy: Hierarchy | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


def write_model(model: ForecastModel, path: Path) -> None:
    """Write the model to `path` atomically; the same model always gives the same bytes."""
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "name": model.name,
        "frequency": model.frequency,
        "facts": dict(model.facts),
        "series": [
            {
                "id": series.id,
                "start": series.start.isoformat(),
                "label": series.label,
                "intervals": asdict(series.intervals),
                "model": _entry(series.kind),
            }
            for series in model.series
        ],
        "hierarchy": model.hierarchy is not None,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        add_text(archive, _METADATA, json.dumps(metadata, indent=1, allow_nan=False))
        for number, series in enumerate(model.series):
            add_array(archive, f"{number}/observations", series.observations)
            _add_arrays(archive, f"{number}/model", series.kind)
        if model.hierarchy:
            add_array(archive, "summing", model.hierarchy.summing)
            add_array(archive, "weights", model.hierarchy.weights)
    write_atomically(path, buffer.getvalue())


def read_model(path: Path) -> ForecastModel:
    """Read and check a model file.

    Raises ModelFileInvalid, saying what is wrong, for a file that is missing, damaged, not ours, of a newer
    format, or whose numbers can't be a model.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = ArrayReader(archive)
            metadata = _read_metadata(arrays, path)
            return _first_version(metadata, arrays) if metadata["version"] == 1 else _model(metadata, arrays)
    except ModelFileInvalid:
        raise
    except FileNotFoundError as error:
        raise ModelFileInvalid(f"There is no model file at {path}.") from error
    except zipfile.BadZipFile as error:
        raise ModelFileInvalid(f"{path.name} is not a {FORMAT} file, or it is cut short: {error}.") from error
    except (OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        # What zipfile raises for a damaged, encrypted or exotic archive.
        raise ModelFileInvalid(f"{path.name} can't be read: {error}.") from error


def _entry(kind: Kind) -> dict[str, object]:
    entry: dict[str, object] = {"kind": kind.KIND, **kind.settings()}
    if members := kind.members():
        entry["members"] = [_entry(member) for member in members]
    return entry


def _add_arrays(archive: zipfile.ZipFile, folder: str, kind: Kind) -> None:
    for name, array in kind.arrays().items():
        add_array(archive, f"{folder}/{name}", array)
    for number, member in enumerate(kind.members()):
        _add_arrays(archive, f"{folder}/{number}", member)


def _read_metadata(arrays: ArrayReader, path: Path) -> dict[str, object]:
    try:
        metadata = json.loads(arrays.text(_METADATA, MAX_METADATA_BYTES))
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
    return metadata


def _text(metadata: Mapping[str, object], key: str, *, empty: bool = False) -> str:
    value = metadata.get(key)
    if not isinstance(value, str) or not (value or empty):
        raise ModelFileInvalid(f"{_METADATA}: {key} must be a text that isn't empty.")
    return value


def _start(text: str, frequency: str, count: int) -> datetime:
    """The date of the first of `count` observations; the longest forecast after them has dates too."""
    try:
        start = parse_moment(text)
        calendar = frequency_of(frequency)
        calendar.moment(calendar.place(start) + count + MAX_HORIZON)
    except (ValueError, OverflowError) as error:
        raise ModelFileInvalid(f"{_METADATA}: {error}.") from error
    return start


def _facts(metadata: Mapping[str, object]) -> dict[str, object]:
    facts = metadata.get("facts", {})
    if not isinstance(facts, dict):
        raise ModelFileInvalid(f"{_METADATA}: facts must be an object.")
    return cast("dict[str, object]", facts)


def _observations(arrays: ArrayReader) -> Vector:
    observations = arrays.read("observations", (None,))
    if observations.size > MAX_OBSERVATIONS:
        raise ModelFileInvalid(
            f"The model has {observations.size} observations, at most {MAX_OBSERVATIONS} are served."
        )
    return observations


def _model(metadata: Mapping[str, object], arrays: ArrayReader) -> ForecastModel:
    name, frequency = _text(metadata, "name"), _text(metadata, "frequency")
    entries = metadata.get("series")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_SERIES:
        raise ModelFileInvalid(f"{_METADATA}: series must be a list of 1 to {MAX_SERIES}.")
    series = tuple(_series(entry, frequency, arrays.below(str(row))) for row, entry in enumerate(entries))
    if len({one.id for one in series}) != len(series):
        raise ModelFileInvalid(f"{_METADATA}: two series have the same id.")
    hierarchy = read_hierarchy(arrays, len(series)) if metadata.get("hierarchy") else None
    return ForecastModel(name, frequency, series, hierarchy, _facts(metadata))


def _series(entry: object, frequency: str, arrays: ArrayReader) -> SeriesModel:
    if not isinstance(entry, dict):
        raise ModelFileInvalid(f"{_METADATA}: a series must be an object.")
    observations = _observations(arrays)
    return SeriesModel(
        id=_text(entry, "id"),
        start=_start(_text(entry, "start"), frequency, observations.size),
        observations=observations,
        kind=read_kind(entry.get("model"), arrays.below("model")),
        intervals=read_intervals(entry.get("intervals")),
        label=_text(entry, "label", empty=True),
    )


def _first_version(metadata: Mapping[str, object], arrays: ArrayReader) -> ForecastModel:
    """One state-space model whose arrays lie on top."""
    name, frequency, start = (_text(metadata, key) for key in ("name", "frequency", "start"))
    observations = _observations(arrays)
    series = SeriesModel(
        id=name,
        start=_start(start, frequency, observations.size),
        observations=observations,
        kind=read_kind({"kind": metadata.get("kind")}, arrays),
        intervals=Intervals("gaussian"),
    )
    return ForecastModel(name, frequency, (series,), None, _facts(metadata))
