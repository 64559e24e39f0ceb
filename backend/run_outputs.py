"""What training leaves and registration takes: a folder with `models/` and `metric.json`, or a zip of it."""

from __future__ import annotations

import json
import math
import re
import shutil
import stat
import time
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO

from backend.errors import InvalidRunOutputs
from backend.training_report import REPORT_FILE, is_report, read_report

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS = "models"
METRICS_FILE = "metric.json"
MODEL_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")
ARCHIVE_FILES = 10_000
ARCHIVE_BYTES = 2_000_000_000
ARCHIVE_RATIO = 200  # a deflated text compresses 1:20; a bomb 1:1000
METRICS_BYTES = 1_000_000
STALE_SECONDS = 24 * 3600
REQUIRED_METRICS = ("RMSE", "R2")
# Figures that become tags as well where a run has them.
FURTHER_METRICS = ("MAE", "MASE", "CRPS", "coverage_80", "coverage_95")


@dataclass(frozen=True)
class ModelFile:
    """One file below `models/`; size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class RunOutputs:
    """A checked run-outputs folder.

    `metrics` are the figures that become tags (RMSE, R2 and the other known ones), `facts` the rest of
    metric.json as text, which become properties. `report` is the run's report.json, checked, if it left one.
    """

    folder: Path
    model_name: str
    run_id: str
    metrics: Mapping[str, float]
    facts: Mapping[str, str]
    files: tuple[ModelFile, ...]
    report: Path | None = None

    @property
    def models_folder(self) -> Path:
        """The folder that is registered."""
        return self.folder / MODELS


def read_run_outputs(folder: Path) -> RunOutputs:
    """Check a run-outputs folder; InvalidRunOutputs names what is missing or wrong."""
    models = folder / MODELS
    if not models.is_dir():
        raise InvalidRunOutputs("There is no folder models/.", field="models", code="outputs.no_models")
    for path in models.rglob("*"):
        if path.is_symlink():
            raise _unsafe(path.relative_to(folder).as_posix(), "link")
    files = tuple(
        ModelFile(path.relative_to(folder).as_posix(), path.stat().st_size)
        for path in sorted(models.rglob("*"))
        if path.is_file()
    )
    if not files:
        raise InvalidRunOutputs("The folder models/ is empty.", field="models", code="outputs.empty_models")
    document = _metrics_document(folder / METRICS_FILE)
    name = document.get("model_name")
    if not isinstance(name, str) or not MODEL_NAME.fullmatch(name):
        raise InvalidRunOutputs(
            "metric.json: model_name is missing or isn't a name of letters, digits, dot, dash, underscore.",
            field="model_name",
            code="outputs.model_name",
        )
    metrics = {key: _figure(document, key) for key in REQUIRED_METRICS}
    metrics |= {key: document[key] for key in FURTHER_METRICS if _is_figure(document.get(key))}
    others = {key: value for key, value in document.items() if key not in {"model_name", "run_id", *metrics}}
    return RunOutputs(
        folder=folder,
        model_name=name,
        run_id=str(document.get("run_id") or ""),
        metrics=metrics,
        facts={key: _text(value) for key, value in others.items() if value is not None},
        files=files,
        report=_report(folder),
    )


def unpack_run_outputs(archive: BinaryIO, staging: Path) -> RunOutputs:
    """Unpack an uploaded zip below `staging` and check it; nothing is left there when it is refused.

    Entries that leave the folder, links, devices and bombs are refused before a byte is written. One folder
    around everything (as zipping a folder makes) is looked through.
    """
    staging.mkdir(parents=True, exist_ok=True)
    folder = staging / uuid.uuid4().hex
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _safe_entries(opened)
            for entry in entries:
                _extract(opened, entry, folder)
        return read_run_outputs(_root(folder))
    except zipfile.BadZipFile as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise InvalidRunOutputs(
            "The file isn't a zip archive, or it is damaged.",
            field="archive",
            code="outputs.not_zip",
            evidence=str(error),
        ) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def discard_stale(staging: Path) -> None:
    """Remove what was uploaded more than a day ago: registered long since, or left by a closed page."""
    if not staging.is_dir():
        return
    oldest = time.time() - STALE_SECONDS
    for folder in staging.iterdir():
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def _safe_entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")
    ]
    size = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if (
        len(entries) > ARCHIVE_FILES
        or size > ARCHIVE_BYTES
        or (size > 10_000_000 and size / packed > ARCHIVE_RATIO)
    ):
        raise InvalidRunOutputs(
            f"The archive unpacks to {len(entries)} files and {size} bytes; at most {ARCHIVE_FILES} files, "
            f"{ARCHIVE_BYTES} bytes and {ARCHIVE_RATIO} times its own size are taken.",
            field="archive",
            code="outputs.too_large",
            files=len(entries),
            size=size,
        )
    for entry in entries:
        path = PurePosixPath(entry.filename)
        mode = entry.external_attr >> 16
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename:
            raise _unsafe(entry.filename, "path")
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
            raise _unsafe(entry.filename, "link")
        if entry.flag_bits & 0x1:
            raise InvalidRunOutputs("The archive is encrypted.", field="archive", code="outputs.encrypted")
    return entries


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / entry.filename
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with archive.open(entry) as source, target.open("wb") as sink:
        while chunk := source.read(1 << 20):
            left -= len(chunk)
            if left < 0:  # the header lied about the size
                raise _unsafe(entry.filename, "size")
            sink.write(chunk)


def _root(folder: Path) -> Path:
    if not (folder / MODELS).exists() and not (folder / METRICS_FILE).exists() and folder.is_dir():
        inner = list(folder.iterdir())
        if len(inner) == 1 and inner[0].is_dir():
            return inner[0]
    return folder


def _unsafe(name: str, kind: str) -> InvalidRunOutputs:
    return InvalidRunOutputs(
        f"The entry {name!r} is refused: it is not a plain file inside the archive.",
        field="archive",
        code=f"outputs.unsafe_{kind}",
        name=name,
    )


def _metrics_document(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InvalidRunOutputs("There is no metric.json.", field=METRICS_FILE, code="outputs.no_metrics")
    wrong = InvalidRunOutputs(
        "metric.json isn't a JSON object.", field=METRICS_FILE, code="outputs.metrics_not_json"
    )
    if path.stat().st_size > METRICS_BYTES:
        raise wrong
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise wrong from error
    if not isinstance(document, dict):
        raise wrong
    return document


def _figure(document: Mapping[str, Any], name: str) -> float:
    value = document.get(name)
    figure = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        try:
            figure = float(value)
        except ValueError:
            figure = math.nan
    if not math.isfinite(figure):
        raise InvalidRunOutputs(
            f"metric.json: {name} is missing or isn't a finite number.",
            field=name,
            code="outputs.metric",
            name=name,
        )
    return figure


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _report(folder: Path) -> Path | None:
    """The run's report, checked; one of another kind than ours is the team's own business."""
    for path in (folder / REPORT_FILE, folder / MODELS / REPORT_FILE):
        if not path.is_symlink() and is_report(path):
            read_report(path)
            return path
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
