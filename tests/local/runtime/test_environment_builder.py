"""Environments are built with the real uv, reused, and fail with the resolver's own words."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest
from packaging.version import Version

from backend.local.build_failure import readable
from backend.local.environment_builder import BuildFailed, BuiltEnvironment, EnvironmentBuilder
from backend.local.host_environment import host_variables
from backend.local.interpreters import Interpreter, choose
from tests.local.runtime.conftest import LEAN, definition

pytestmark = pytest.mark.filterwarnings("error")


def test_the_same_specification_is_reused(environments: Path, environment: BuiltEnvironment) -> None:
    said: list[str] = []
    again = asyncio.run(EnvironmentBuilder(environments).build({**LEAN, "name": "other"}, said.append))
    assert said == ["Use the existing image."]
    assert (again.reused, again.python, again.digest) == (True, environment.python, environment.digest)
    assert not environment.reused


def test_what_was_built_is_recorded(environment: BuiltEnvironment) -> None:
    folder = environment.log.parent
    assert "azureml-inference-server-http==" in (folder / "freeze.txt").read_text()
    assert "requires azureml-inference-server-http" in environment.log.read_text()
    asked = [str(environment.python), "-c", "import sys; print(sys.prefix)"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip() == str(
        folder / "env"
    )
    compiled = list((folder / "env").glob("lib/python*/site-packages/flask/__pycache__/*.pyc"))
    assert compiled


def test_a_half_built_folder_is_built_again_and_only_once(tmp_path: Path) -> None:
    builder = EnvironmentBuilder(tmp_path / "environments")
    folder = builder.log_path(LEAN).parent
    (folder / "env" / "bin").mkdir(parents=True)
    (folder / "env" / "bin" / "python").write_text("half")
    said: list[str] = []

    async def both() -> tuple[BuiltEnvironment, BuiltEnvironment]:
        first, second = await asyncio.gather(
            builder.build(LEAN, said.append), builder.build(LEAN, said.append)
        )
        return first, second

    first, second = asyncio.run(both())
    assert (first.reused, second.reused) == (False, True)
    assert said == ["Building image..", "Use the existing image."]


def test_an_unbuildable_specification_gives_the_resolver_s_message(tmp_path: Path) -> None:
    builder = EnvironmentBuilder(tmp_path / "environments")
    impossible = definition("python>=3.11,<3.13", "numpy=1.0.4.99")
    with pytest.raises(BuildFailed) as caught:
        asyncio.run(builder.build(impossible, lambda _: None))
    failure = caught.value
    assert failure.code == "environment.build_failed"
    assert failure.message.startswith("No solution found when resolving dependencies")
    assert "numpy==1.0.4.99.*" in failure.message
    assert "\n" not in failure.message
    assert "No solution found" in failure.evidence
    assert failure.details["log"] == str(builder.log_path(impossible))
    assert "No solution found" in builder.log_path(impossible).read_text()
    assert not (builder.log_path(impossible).parent / "complete.json").exists()


def test_a_python_that_is_not_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # An address that refuses at once stands for a machine without the network.
    monkeypatch.setenv("UV_PYTHON_INSTALL_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    builder = EnvironmentBuilder(tmp_path / "environments")
    with pytest.raises(BuildFailed) as caught:
        asyncio.run(builder.build(definition("python=3.14.0"), lambda _: None))
    assert caught.value.code == "environment.no_python"
    assert caught.value.message.startswith(
        "No Python ==3.14.0.* is on this machine and none could be downloaded."
    )


def test_a_cancelled_build_ends_uv(tmp_path: Path) -> None:
    builder = EnvironmentBuilder(tmp_path / "environments")
    heavy = definition(
        "python>=3.11,<3.13", {"pip": ["azureml-defaults", "scipy", "pandas<2.1", "matplotlib"]}
    )

    async def scenario() -> None:
        build = asyncio.create_task(builder.build(heavy, lambda _: None))
        log = builder.log_path(heavy)
        async with asyncio.timeout(60):
            while not (log.exists() and "requires matplotlib" in log.read_text()):
                await asyncio.sleep(0.01)
        build.cancel()
        await asyncio.wait({build})
        assert build.cancelled()

    asyncio.run(scenario())
    assert not (builder.log_path(heavy).parent / "complete.json").exists()


VERSIONS = [Interpreter(Version(text), Path(text)) for text in ("3.8.18", "3.11.7", "3.12.1", "3.13.0")]


@pytest.mark.parametrize(
    ("asked", "found", "noted"),
    [
        ("==3.8.5.*", "3.8.18", True),
        ("==3.8.5", "3.8.18", True),
        ("==3.8.*", "3.8.18", False),
        (">=3.13", "3.13.0", False),
        ("==3.12.1", "3.12.1", False),
        ("==3.9.*", None, False),
        (">=3.14", None, False),
    ],
)
def test_which_interpreter_is_chosen(asked: str, found: str | None, noted: bool) -> None:
    interpreter, note = choose(VERSIONS, asked)
    assert (str(interpreter.version) if interpreter else None) == found
    assert bool(note) == noted


def test_uv_s_drawing_is_taken_off() -> None:
    output = (
        "Using Python 3.11.7\n  × No solution found when resolving dependencies:\n"
        "  ╰─▶ Because only numpy<=2 is available and you require\n      numpy==9, we can conclude x.\n"
    )
    assert readable(output) == (
        "No solution found when resolving dependencies: Because only numpy<=2 is available and you require "
        "numpy==9, we can conclude x."
    )
    assert readable("error: Failed to fetch: `https://me:secret@example.org/x`\n") == (
        "Failed to fetch: `https://example.org/x`"
    )
    assert readable("") == ""


def test_only_the_machine_s_variables_are_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "tls" / "bundle.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "secret")
    passed = host_variables(tmp_path)
    assert "REQUESTS_CA_BUNDLE" not in passed
    assert "AZURE_CLIENT_SECRET" not in passed
    assert passed["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
    assert passed["PATH"] == os.environ["PATH"]
