"""The model file: what is written is read back, and nothing else is taken for one."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import zipfile
from dataclasses import fields, replace

import numpy as np
import pytest

from scoring.errors import ModelFileInvalid
from scoring.model_file import MAX_STATES, read_model, write_model


@pytest.fixture
def path(course_model, tmp_path):
    target = tmp_path / "model.npz"
    write_model(course_model, target)
    return target


def refusal(path) -> str:
    with pytest.raises(ModelFileInvalid) as caught:
        read_model(path)
    return str(caught.value)


def rewritten(path, changes: dict[str, bytes | None]):
    """The same archive with members replaced or, when None, left out."""
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (members | changes).items():
            if content is not None:
                archive.writestr(name, content)
    return path


def changed_metadata(path, **changes):
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read("metadata.json"))
    return rewritten(path, {"metadata.json": json.dumps(metadata | changes).encode()})


def npy(array) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def test_round_trip_keeps_every_bit(course_model, path):
    again = read_model(path)
    for field in fields(again):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(course_model, field.name))
    assert again.facts["parameters"]["sigma2"] > 0


def test_same_model_same_bytes_and_numpy_can_open_it(course_model, path, tmp_path):
    other = tmp_path / "other.npz"
    write_model(read_model(path), other)
    assert other.read_bytes() == path.read_bytes()
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["observations"], course_model.observations)
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_file_cut_anywhere_is_refused(path):
    content = path.read_bytes()
    for size in range(0, len(content), 97):
        path.write_bytes(content[:size])
        refusal(path)


def test_a_file_with_one_byte_changed_is_refused_or_harmless(path):
    content = path.read_bytes()
    for position in range(0, len(content), 61):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :])
        with contextlib.suppress(ModelFileInvalid):
            read_model(path)


def test_other_files_are_refused(path, tmp_path):
    assert "no model file" in refusal(tmp_path / "missing.npz")
    assert "can't be read" in refusal(tmp_path)
    np.savez(path, x=np.zeros(3))
    assert "not a yosoku-model file" in refusal(path)
    path.write_bytes(pickle.dumps({"a": 1}))
    assert "not a yosoku-model file" in refusal(path)


def test_newer_and_foreign_metadata_is_refused(path):
    assert "format version 2" in refusal(changed_metadata(path, version=2))
    assert "version must be" in refusal(changed_metadata(path, version="1"))
    assert "version must be" in refusal(changed_metadata(path, version=True))
    assert "'prophet'" in refusal(changed_metadata(path, version=1, kind="prophet"))
    assert "frequency" in refusal(changed_metadata(path, kind="state-space", frequency="fortnight"))
    assert "start" in refusal(changed_metadata(path, frequency="D", start=3))
    assert "weekend" in refusal(changed_metadata(path, frequency="B", start="2014-05-31"))
    assert "facts" in refusal(changed_metadata(path, frequency="D", facts=[1]))
    assert "not a yosoku-model" in refusal(changed_metadata(path, facts={}, format="other"))
    assert "not JSON" in refusal(rewritten(path, {"metadata.json": b"{"}))


def test_arrays_that_are_no_model_are_refused(path, course_model):
    def after(name, content):
        write_model(course_model, path)
        return refusal(rewritten(path, {name: content}))

    assert "it has no design.npy" in after("design.npy", None)
    assert "shape (4,), it must be (3, 3)" in after("transition.npy", npy(np.zeros(4)))
    assert "holds float32" in after("design.npy", npy(np.zeros(3, dtype=np.float32)))
    assert "holds object" in after("design.npy", npy(np.array([None, 1], dtype=object)))
    assert "NaN" in after("observations.npy", npy(np.array([1.0, np.nan])))
    assert "shape (0,)" in after("observations.npy", npy(np.zeros(0)))
    assert "not an array" in after("design.npy", b"\x93NUMPX")
    assert "cut short" in after("design.npy", npy(np.zeros(3))[:-1])
    assert "at most" in after("design.npy", npy(np.zeros(MAX_STATES + 1)))
    assert "not a covariance" in after("state_covariance.npy", npy(np.triu(np.ones((3, 3)))))
    assert "negative variance" in after("observation.npy", npy(np.array([0.0, -1.0])))


def test_a_compressed_bomb_is_refused(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", b" " * 50_000_000)
    assert "compressed or over" in refusal(path)


def test_text_of_a_model_is_kept(course_model, tmp_path):
    target = tmp_path / "日本語.npz"
    write_model(replace(course_model, name="予測", facts={"note": "é"}), target)
    again = read_model(target)
    assert (again.name, again.facts) == ("予測", {"note": "é"})
