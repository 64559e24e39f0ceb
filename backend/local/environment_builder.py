"""Builds the Python environment of a conda specification with uv, once a specification.

<root>/<digest>/env/            the environment; a virtual environment can't be moved, so it is built in place
                build.log       what uv said at the last build
                requirements.txt, freeze.txt   what was asked for, what was installed
                complete.json   written last; a folder without it is half-built and built again
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import uv

from backend.errors import LocalWorkspaceError
from backend.local import interpreters
from backend.local.build_failure import readable, without_credentials
from backend.local.conda import PythonRequirements, digest, package_name, requirements_of
from backend.local.conda_names import DEFAULTS, SERVER
from backend.local.host_environment import host_variables
from backend.local.processes import end_session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

BUILD_TIMEOUT_SECONDS = 1800.0
_LOOK_SECONDS = 0.1  # how often a build of another process is looked at, which can't be awaited
# uv compiles nothing by itself, and compiling everything of a large list takes minutes. What every start
# imports is compiled here by importing it; the rest is compiled when a script first imports it.
_COMPILE = """
import importlib
for name in (
    "azureml_inference_server_http.amlserver",
    "azureml_inference_server_http.server.config",
    "azureml_inference_server_http.server.user_script",
    "gunicorn.app.wsgiapp",
    "gunicorn.glogging",
    "gunicorn.workers.sync",
    "numpy",
):
    try:
        importlib.import_module(name)
    except Exception:  # what can't be imported is said when a service starts
        pass
"""


@dataclass(frozen=True)
class BuiltEnvironment:
    """An environment that can run a service; `seconds` is what this call took."""

    digest: str
    python: Path
    log: Path
    reused: bool
    seconds: float


class BuildFailed(LocalWorkspaceError):
    """The specification can't be built; the message is the resolver's, the evidence the log's tail."""


class EnvironmentBuilder:
    """Builds and reuses environments below one folder; one build a specification at a time."""

    def __init__(self, root: Path, *, timeout: float = BUILD_TIMEOUT_SECONDS) -> None:
        self._root = root
        self._timeout = timeout
        self._locks: dict[str, asyncio.Lock] = {}

    def log_path(self, definition: Mapping[str, object]) -> Path:
        """Where the build log of a specification is, or will be."""
        return self._root / digest(definition) / "build.log"

    async def build(
        self, definition: Mapping[str, object], report: Callable[[str], None]
    ) -> BuiltEnvironment:
        """Build the environment, or find it built.

        `report` gets Azure's own progress sentences. Raises InvalidEnvironment or BuildFailed; cancelling
        ends uv.
        """
        started = time.monotonic()
        requirements = requirements_of(definition)
        name = digest(definition)
        folder = self._root / name
        async with self._locks.setdefault(name, asyncio.Lock()), _alone(folder):
            python = folder / "env" / "bin" / "python"
            reused = (folder / "complete.json").is_file() and python.exists()
            if reused:
                report("Use the existing image.")
            else:
                report("Building image..")
                await _Build(folder, requirements, self._timeout).run()
        return BuiltEnvironment(name, python, folder / "build.log", reused, time.monotonic() - started)


class _Build:
    """One run of uv into one folder."""

    def __init__(self, folder: Path, requirements: PythonRequirements, timeout: float) -> None:
        self._folder = folder
        self._environment = folder / "env"
        self._python = self._environment / "bin" / "python"
        self._requirements = requirements
        self._timeout = timeout

    async def run(self) -> None:
        _clear(self._folder, self._environment)
        started = time.monotonic()
        with (self._folder / "build.log").open("wb", buffering=0) as log:
            try:
                async with asyncio.timeout(self._timeout):
                    await self._steps(log)
            except TimeoutError as error:
                _say(log, f"The build was given up after {self._timeout:g} s.")
                raise self._failed(f"the build took longer than {self._timeout:g} s") from error
            _say(log, f"Built in {time.monotonic() - started:.1f} s.")
        _write_atomically(
            self._folder / "complete.json",
            json.dumps({"python": str(self._python), "built_at": time.time()}),
        )

    async def _steps(self, log: IO[bytes]) -> None:
        for name in self._requirements.ignored:
            _say(log, f"{name}: needed by conda only, left out.")
        for note in self._requirements.notes:
            _say(log, f"{note}.")
        await self._create(log)
        await self._install(log)
        await self._run(log, [str(self._python), "-c", _COMPILE], {})
        frozen = await self._uv(log, "pip", "freeze", "--python", str(self._python), keep_output=True)
        _write_atomically(self._folder / "freeze.txt", frozen)

    async def _create(self, log: IO[bytes]) -> None:
        asked = self._requirements.python
        found = await interpreters.installed()
        interpreter, note = interpreters.choose(found, asked)
        if note:
            _say(log, note)
        # Without one at hand uv tries to download it, which needs the network.
        source = str(interpreter.path) if interpreter else (asked or "").removesuffix(".*").removeprefix("==")
        downloads = "never" if interpreter else "automatic"
        try:
            await self._uv(
                log, "venv", "--python", source, "--no-project", str(self._environment), downloads=downloads
            )
        except BuildFailed as error:
            if interpreter:
                raise
            versions = ", ".join(sorted(str(one.version) for one in found))
            sentence = (
                f"No Python {asked or ''} is on this machine and none could be downloaded. Here are: "
                f"{versions}. Install it, or change the python entry of the specification"
            )
            _say(log, sentence + ".")
            raise self._failed(sentence, code="environment.no_python") from error

    async def _install(self, log: IO[bytes]) -> None:
        packages = self._requirements.packages
        try:
            await self._pip_install(log, packages)
        except BuildFailed:
            replaced = tuple(SERVER if package_name(line) == DEFAULTS else line for line in packages)
            if replaced == packages:
                raise
            _say(
                log,
                f"{DEFAULTS} can't be installed with this list; trying {SERVER}, the part of it that serves.",
            )
            await self._pip_install(log, replaced)
        if not any(self._environment.glob("lib/python*/site-packages/azureml_inference_server_http")):
            _say(log, f"The versions that were found bring no inference server; {SERVER} is added.")
            await self._pip_install(log, (*packages, SERVER))

    async def _pip_install(self, log: IO[bytes], packages: tuple[str, ...]) -> None:
        listing = self._folder / "requirements.txt"
        _write_atomically(listing, "\n".join(packages) + "\n")
        for line in packages:
            _say(log, f"requires {without_credentials(line)}")
        await self._uv(
            log,
            "pip",
            "install",
            "--python",
            str(self._python),
            "--requirement",
            str(listing),
        )

    async def _uv(
        self, log: IO[bytes], *arguments: str, downloads: str = "never", keep_output: bool = False
    ) -> str:
        """Run uv with its output in the log; returns what it wrote to stdout when asked to keep it."""
        variables = {
            "UV_PYTHON_DOWNLOADS": downloads,
            "UV_NO_CONFIG": "1",
            "UV_NO_PROGRESS": "1",
            "NO_COLOR": "1",
        }
        return await self._run(log, [uv.find_uv_bin(), *arguments], variables, keep_output=keep_output)

    async def _run(
        self, log: IO[bytes], command: list[str], variables: dict[str, str], *, keep_output: bool = False
    ) -> str:
        """Run a command in a session of its own, which ends with this task; raises BuildFailed."""
        position = log.tell()
        starting = asyncio.create_task(
            asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if keep_output else log,
                stderr=log,
                cwd=self._folder,
                env=host_variables(self._folder.parent.parent) | variables,
                start_new_session=True,
            )
        )
        try:
            # Cancelled half-way through its start, a process would be left to itself.
            process = await asyncio.shield(starting)
            output, _ = await process.communicate()
        finally:
            process = await starting
            if process.returncode is None:
                end_session(process.pid)
                await process.wait()
        if process.returncode:
            written = (self._folder / "build.log").read_bytes()[position:].decode("utf-8", "replace")
            raise self._failed(
                readable(written) or f"{Path(command[0]).name} ended with {process.returncode}"
            )
        return output.decode() if output else ""

    def _failed(self, sentence: str, *, code: str = "environment.build_failed") -> BuildFailed:
        path = self._folder / "build.log"
        with contextlib.suppress(OSError):
            tail = path.read_text("utf-8", "replace")[-4000:]
            return BuildFailed(sentence, code=code, evidence=tail, log=str(path))
        return BuildFailed(sentence, code=code, log=str(path))


@contextlib.asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """Against another process: a rehearsal builds in the folders of the local workspace."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "build.lock").open("wb") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(_LOOK_SECONDS)
        yield


def _clear(folder: Path, environment: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "complete.json").unlink(missing_ok=True)
    if environment.exists():
        shutil.rmtree(environment)


def _say(log: IO[bytes], line: str) -> None:
    log.write(line.encode() + b"\n")


def _write_atomically(path: Path, content: str) -> None:
    temporary = path.with_suffix(path.suffix + ".part")
    temporary.write_text(content, encoding="utf-8")
    os.replace(temporary, path)  # noqa: PTH105 - the one call that replaces atomically
