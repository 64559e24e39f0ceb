"""The Python interpreters of this machine, and which of them a specification gets."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRINT_VERSION = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
_EXACT = re.compile(r"^==(\d+)\.(\d+)\.\d+(\.\*)?$")


@dataclass(frozen=True)
class Interpreter:
    """One usable Python: its version and the path of its executable."""

    version: Version
    path: Path


def choose(found: list[Interpreter], specifier: str | None) -> tuple[Interpreter | None, str]:
    """The interpreter for a specifier set, and a note when it isn't the exact one.

    The app's own version is preferred, then the newest. An exact patch that isn't there is replaced by the
    same minor version, as its packages are the same.
    """
    own = Version(f"{sys.version_info.major}.{sys.version_info.minor}")
    ranked = sorted(found, key=lambda one: (_minor(one.version) == own, one.version), reverse=True)
    wanted = SpecifierSet(specifier or f"=={own}.*")
    for interpreter in ranked:
        if interpreter.version in wanted:
            return interpreter, ""
    exact = _EXACT.match(specifier or "")
    if exact:
        minor = Version(f"{exact.group(1)}.{exact.group(2)}")
        for interpreter in ranked:
            if _minor(interpreter.version) == minor:
                asked = (specifier or "").removeprefix("==").removesuffix(".*")
                return interpreter, f"Python {asked} is not on this machine; {interpreter.version} is used."
    return None, ""


async def installed() -> list[Interpreter]:
    """Every Python at hand that really runs: the app's own, pyenv's, those on PATH and uv's.

    pyenv's shims are asked too, and drop out by themselves when they don't run.
    """
    candidates = list(dict.fromkeys(_candidates()))
    versions = await asyncio.gather(*(_version(path) for path in candidates))
    seen: dict[Version, Interpreter] = {}
    for path, version in zip(candidates, versions, strict=True):
        if version is not None:
            seen.setdefault(version, Interpreter(version, path))
    return list(seen.values())


def _candidates() -> Iterator[Path]:
    yield Path(getattr(sys, "_base_executable", sys.executable))
    roots = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    roots.append(Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / "uv" / "python")
    for root in roots:
        if root.is_dir():
            yield from sorted(root.glob("*/bin/python3"))
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder:
            yield from sorted(Path(folder).glob("python3.[0-9]*"))


async def _version(path: Path) -> Version | None:
    if not re.fullmatch(r"python3?(\.\d+)?", path.name):
        return None
    try:
        process = await asyncio.create_subprocess_exec(
            str(path),
            "-I",
            "-c",
            _PRINT_VERSION,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await asyncio.wait_for(process.communicate(), timeout=10)
    except (OSError, TimeoutError):
        return None
    return Version(output.decode().strip()) if process.returncode == 0 else None


def _minor(version: Version) -> Version:
    return Version(f"{version.major}.{version.minor}")
