"""Damaged model files, of every kind: refused as a file, or harmless; never another error."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.model_file import write_model
from tests.scoring.kind_examples import kinds
from tests.scoring.model_file_surgery import (
    example,
    family,
    members_of,
    metadata_of,
    npy,
    read_and_asked,
    refusal,
    rewritten,
)

EVERY_KIND = pytest.mark.parametrize("kind", kinds())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.npz"


@EVERY_KIND
def test_a_file_cut_anywhere_is_refused(kind: str, path: Path) -> None:
    write_model(example(kind), path)
    content = path.read_bytes()
    for size in range(0, len(content), 397):
        path.write_bytes(content[:size])
        refusal(path)


@EVERY_KIND
def test_a_file_with_one_byte_changed_is_refused_or_harmless(kind: str, path: Path) -> None:
    write_model(example(kind), path)
    content = path.read_bytes()
    for position in range(7, len(content), 251):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        read_and_asked(path)


STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**6, 10**30, 10**400, -(10**400), 2**63]),
    st.floats(),
    st.sampled_from([0.0, -0.5, 0.5, 1e-300, 1e300]),
    st.text(max_size=3),
    st.sampled_from(["state-space", "combination", "theta", "h", "W-SUN", "2200-01-01", "median"]),
    st.lists(st.integers(-1, 2), max_size=3),
    st.dictionaries(st.sampled_from(["kind", "members", "season"]), st.integers(0, 2), max_size=2),
)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where in a JSON value something stands."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_strange_metadata_is_refused_or_harmless(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of every kind, one to three values or whole parts of the metadata replaced or taken away."""
    path = tmp_path_factory.getbasetemp() / "strange-metadata.npz"
    models = {name: lambda name=name: example(name) for name in kinds()} | {"family": family}
    write_model(models[data.draw(st.sampled_from(sorted(models)))](), path)
    metadata = metadata_of(path)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(list(places(metadata))))
        part: object = metadata
        for key in way:
            part = part[key]  # type: ignore[index]
        if data.draw(st.integers(0, 4)):
            part[last] = data.draw(STRANGE)  # type: ignore[index]
        else:
            del part[last]  # type: ignore[attr-defined]
        if not metadata:
            break
    read_and_asked(rewritten(path, {"metadata.json": json.dumps(metadata).encode()}))


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_strange_arrays_are_refused_or_harmless(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Of every kind, one array of another shape, another type, with extreme values, missing or no array."""
    path = tmp_path_factory.getbasetemp() / "strange-arrays.npz"
    models = {name: lambda name=name: example(name) for name in kinds()} | {"family": family}
    write_model(models[data.draw(st.sampled_from(sorted(models)))](), path)
    name = data.draw(st.sampled_from([name for name in members_of(path) if name.endswith(".npy")]))
    array = np.lib.format.read_array(io.BytesIO(members_of(path)[name]))
    shape = data.draw(
        st.sampled_from([array.shape, array.shape[::-1], (1,), (2, 2), (0,), (), (7,), (1, 70)])
    )
    value = data.draw(st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e300, -1e300, 1e-300, np.nan, np.inf]))
    made = np.full(shape, value)
    if data.draw(st.integers(0, 5)) == 0:
        made = np.ones(shape, dtype=data.draw(st.sampled_from([">f8", "<f4", "<i8"])))
    if shape == array.shape and made.dtype == array.dtype and data.draw(st.booleans()):
        made = array.copy()
        made.flat[data.draw(st.integers(0, array.size - 1))] = value
    content = data.draw(st.sampled_from([npy(made)] * 6 + [None, b"", b"\x93NUMPY\x01\x00", npy(made)[:-3]]))
    read_and_asked(rewritten(path, {name: content}))


def test_a_compressed_bomb_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", b" " * 50_000_000)
    assert "compressed or over" in refusal(path)
