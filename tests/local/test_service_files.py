"""A revision's folder, and archives that must not be unpacked."""

from __future__ import annotations

import io
import stat
import tarfile
from pathlib import Path, PurePosixPath

import pytest

from backend.local import service_files
from backend.local.service_files import PlacedFile, assemble, model_directory, unpack
from backend.local.wire import WireError


def archive(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 1, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size if kind == tarfile.REGTYPE else 0, link
    return made


def test_app_folder_is_laid_out_as_in_azure(tmp_path: Path) -> None:
    source = archive(tmp_path / "s.tar.gz", entry("src", tarfile.DIRTYPE), entry("src/score.py"))
    (tmp_path / "driver").write_text("driver")
    (tmp_path / "weights").write_text("weights")
    (tmp_path / "weights").chmod(0o400)
    folder = tmp_path / "service" / "revision"

    assemble(
        folder,
        [
            PlacedFile(tmp_path / "driver", PurePosixPath("tmp1.py")),
            PlacedFile(source, PurePosixPath("."), unpack=True),
            PlacedFile(tmp_path / "weights", PurePosixPath("azureml-models/demo/3/models/w.bin")),
        ],
    )

    app = folder / "azureml-app"
    found = sorted(path.relative_to(app).as_posix() for path in app.rglob("*") if path.is_file())
    assert found == ["azureml-models/demo/3/models/w.bin", "src/score.py", "tmp1.py"]
    weights = app / "azureml-models/demo/3/models/w.bin"
    assert stat.S_IMODE(weights.stat().st_mode) == 0o444
    assert weights.stat().st_ino != (tmp_path / "weights").stat().st_ino
    models = app / "azureml-models"
    assert model_directory(folder, {"modelIds": ["demo:3"]}) == models / "demo" / "3"
    assert model_directory(folder, {"modelIds": ["demo:3", "other:1"]}) == models
    assert model_directory(folder, {}) is None


@pytest.mark.parametrize(
    "member",
    [
        entry("../escaped"),
        entry("/absolute"),
        entry("a/../../escaped"),
        entry("link", tarfile.SYMTYPE, link="/etc/passwd"),
        entry("link", tarfile.SYMTYPE, link="inside"),
        entry("hard", tarfile.LNKTYPE, link="../escaped"),
        entry("device", tarfile.CHRTYPE),
        entry("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda member: f"{member.name}-{member.type!r}",
)
def test_archive_that_reaches_outside_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    target = tmp_path / "target"
    target.mkdir()

    with pytest.raises(WireError):
        unpack(archive(tmp_path / "a.tar.gz", entry("fine"), member), target)

    assert not (tmp_path / "escaped").exists()
    assert {path.name for path in target.iterdir()} <= {"fine"}


def test_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = archive(tmp_path / "a.tar.gz", entry("fine", size=100_000)).read_bytes()
    for content in (b"", b"no archive", whole[: len(whole) // 2]):
        (tmp_path / "b.tar.gz").write_bytes(content)
        with pytest.raises(WireError, match="can't be unpacked"):
            unpack(tmp_path / "b.tar.gz", tmp_path)


def test_archive_bomb_is_refused_before_it_is_written(tmp_path: Path) -> None:
    huge = entry("huge", size=service_files.MAX_UNPACKED_BYTES + 1)
    path = tmp_path / "bomb.tar"
    path.write_bytes(huge.tobuf())

    with pytest.raises(WireError, match="more than 2 GiB"):
        unpack(path, tmp_path)
    assert not (tmp_path / "huge").exists()
