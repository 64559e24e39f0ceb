"""Run outputs: accepted as training leaves them, refused where they could harm."""

from __future__ import annotations

import io
import json
import os
import stat
import time
import zipfile
from pathlib import Path

import pytest

from backend.errors import InvalidReport, InvalidRunOutputs
from backend.run_outputs import discard_stale, read_run_outputs, unpack_run_outputs
from tests.data.reports import document

METRICS = {"run_id": "r-1", "model_name": "demand", "RMSE": 461.6, "R2": 0.1035, "train_end": "2013-12-15"}


def archive(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in entries:
            opened.writestr(name, content)
    buffer.seek(0)
    return buffer


def good(prefix: str = "", **changed: object) -> io.BytesIO:
    metrics = json.dumps(METRICS | changed).encode()
    return archive((f"{prefix}models/model.bin", b"data"), (f"{prefix}metric.json", metrics))


def refused(upload: io.BytesIO, staging: Path) -> InvalidRunOutputs:
    with pytest.raises(InvalidRunOutputs) as caught:
        unpack_run_outputs(upload, staging)
    assert not staging.exists() or not any(staging.iterdir())  # nothing half-written
    return caught.value


@pytest.mark.parametrize("prefix", ["", "outputs/"])
def test_a_zip_of_the_folder_or_of_its_content_is_read(tmp_path: Path, prefix: str) -> None:
    outputs = unpack_run_outputs(good(prefix), tmp_path)
    assert (outputs.model_name, outputs.run_id) == ("demand", "r-1")
    assert outputs.metrics == {"RMSE": 461.6, "R2": 0.1035}
    assert outputs.facts == {"train_end": "2013-12-15"}
    assert [(file.path, file.size) for file in outputs.files] == [("models/model.bin", 4)]


def test_further_figures_become_tags_where_they_are_figures(tmp_path: Path) -> None:
    outputs = unpack_run_outputs(good(MASE=0.66, CRPS="n/a", coverage_80=0.81, horizon=28), tmp_path)
    assert outputs.metrics == {"RMSE": 461.6, "R2": 0.1035, "MASE": 0.66, "coverage_80": 0.81}
    assert outputs.facts == {"train_end": "2013-12-15", "CRPS": "n/a", "horizon": "28"}


@pytest.mark.parametrize("place", ["report.json", "models/report.json"])
def test_a_report_comes_along(tmp_path: Path, place: str) -> None:
    metrics = json.dumps(METRICS).encode()
    files = [
        ("models/model.bin", b"data"),
        ("metric.json", metrics),
        (place, json.dumps(document()).encode()),
    ]
    outputs = unpack_run_outputs(archive(*files), tmp_path)
    assert outputs.report == outputs.folder / place
    assert unpack_run_outputs(good(), tmp_path).report is None


def test_a_report_of_another_kind_is_the_teams_own_business(tmp_path: Path) -> None:
    files = [("models/m", b"x"), ("metric.json", json.dumps(METRICS).encode()), ("report.json", b'{"a": 1}')]
    assert unpack_run_outputs(archive(*files), tmp_path).report is None


def test_a_report_that_is_not_whole_refuses_the_upload_and_names_the_field(tmp_path: Path) -> None:
    changed = document()
    del changed["settings"]
    files = [("models/m", b"x"), ("metric.json", json.dumps(METRICS).encode())]
    files.append(("report.json", json.dumps(changed).encode()))
    with pytest.raises(InvalidReport, match="settings"):
        unpack_run_outputs(archive(*files), tmp_path / "s")
    assert not any((tmp_path / "s").iterdir())


@pytest.mark.parametrize("name", ["../evil.py", "/etc/passwd", "models/../../evil", "..\\evil", "C:evil"])
def test_entries_that_leave_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    staging = tmp_path / "staging"
    error = refused(archive((name, b"x"), ("metric.json", b"{}")), staging)
    assert error.code == "outputs.unsafe_path"
    assert {path.name for path in tmp_path.iterdir()} <= {"staging"}


def test_links_are_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("models/link")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert refused(archive((link, b"/etc/passwd")), tmp_path / "s").code == "outputs.unsafe_link"


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    bomb = archive(("models/zeros", bytes(50_000_000)), ("metric.json", b"{}"))
    assert refused(bomb, tmp_path / "s").code == "outputs.too_large"


def test_a_damaged_zip_says_so(tmp_path: Path) -> None:
    content = bytearray(good().getvalue())
    assert refused(io.BytesIO(b"not a zip"), tmp_path / "a").code == "outputs.not_zip"
    content[40] ^= 0xFF  # inside the first entry's data
    assert refused(io.BytesIO(bytes(content)), tmp_path / "b").code == "outputs.not_zip"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"model_name": None}, "model_name"),
        ({"model_name": "../up"}, "model_name"),
        ({"RMSE": "n/a"}, "RMSE"),
        ({"R2": None}, "R2"),
        ({"R2": float("nan")}, "R2"),
    ],
)
def test_a_wrong_metric_file_names_its_field(tmp_path: Path, changed: dict[str, object], field: str) -> None:
    assert refused(good(**changed), tmp_path / "s").field == field


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    assert refused(archive(("metric.json", b"{}")), tmp_path / "a").code == "outputs.no_models"
    assert refused(archive(("models/m", b"x")), tmp_path / "b").code == "outputs.no_metrics"
    assert (
        refused(archive(("models/m", b"x"), ("metric.json", b"[]")), tmp_path / "c").code
        == "outputs.metrics_not_json"
    )


def test_only_uploads_of_another_day_are_discarded(tmp_path: Path) -> None:
    discard_stale(tmp_path / "never made")
    for name, age in (("old", 2), ("new", 0)):
        (tmp_path / name / "models").mkdir(parents=True)
        moment = time.time() - age * 24 * 3600
        os.utime(tmp_path / name, (moment, moment))
    discard_stale(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_folder_with_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "link").symlink_to("/etc/passwd")
    with pytest.raises(InvalidRunOutputs, match="refused"):
        read_run_outputs(tmp_path)
