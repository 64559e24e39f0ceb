"""Model files with something changed: what is done to them, and what they may then do."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring.errors import ModelFileInvalid
from scoring.forecaster import Forecaster
from scoring.hierarchy import Hierarchy, bottom_up
from scoring.kinds.naive import SeasonalNaive
from scoring.model_file import ForecastModel, read_model
from tests.scoring.kind_examples import bootstrap, kinds, model_of, series_model, weekly_values


def example(name: str) -> ForecastModel:
    """A model of one kind, with every part of the file that it can have."""
    intervals = replace(bootstrap((0, 0, 1, 1, 1, 0, 1), window=40), factors=(1.0, 1.2), lower=0.0, upper=1e4)
    return model_of(series_model(kinds()[name], weekly_values(70), intervals), facts={"note": "é", "n": 3})


def family() -> ForecastModel:
    """A total and its two parts."""
    parts = [weekly_values(70, 1), weekly_values(70, 2)]
    series = [
        series_model(SeasonalNaive(7), values, name=name)
        for name, values in zip(("total", "a", "b"), [parts[0] + parts[1], *parts], strict=True)
    ]
    summing = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    return model_of(*series, hierarchy=Hierarchy(summing, bottom_up(summing)))


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileInvalid) as caught:
        read_model(path)
    return str(caught.value)


def members_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rewritten(path: Path, changes: dict[str, bytes | None]) -> Path:
    """The same archive with members replaced or, when None, left out."""
    members = members_of(path) | changes
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def metadata_of(path: Path) -> dict[str, object]:
    return json.loads(members_of(path)["metadata.json"])


def changed_metadata(path: Path, **changes: object) -> Path:
    """The file with some of its metadata replaced; those of its only series when so named."""
    metadata = metadata_of(path)
    for key, value in changes.items():
        where, _, name = key.rpartition("__")
        part = metadata["series"][0] if where else metadata
        part = part[where] if where not in ("", "series") else part
        part[name] = value
    return rewritten(path, {"metadata.json": json.dumps(metadata).encode()})


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def read_and_asked(path: Path) -> None:
    """What a damaged file may do, all that its endpoint would do with it: work, or be refused as a file."""
    forecaster = None
    with contextlib.suppress(ModelFileInvalid):
        forecaster = Forecaster(read_model(path))
    if forecaster is None:
        return
    for forecast in forecaster.forecast(9, list(forecaster.rows)):
        assert np.isfinite(forecast.mean).all()
        assert np.isfinite(forecast.limits([80])).all()
