"""The pages' operations as commands, against the real local workspace."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from backend import services
from backend.__main__ import main
from backend.application import Application
from backend.command_line.running import as_text
from backend.demonstration import ENDPOINT, MODEL
from tests.backend.conftest import LeaveOutputs

NAME = "from-the-command-line"


class Lines:
    """Runs commands and keeps what they wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.progress = ""

    def __call__(self, *arguments: str, code: int = 0) -> str:
        self._capsys.readouterr()
        assert main(list(arguments)) == code
        written = self._capsys.readouterr()
        self.progress = written.err
        return written.out

    def read(self, *arguments: str, code: int = 0) -> Any:
        """The result, as JSON."""
        return json.loads(self(*arguments, "--json", code=code))


@pytest.fixture
def run(application: Application, capsys: pytest.CaptureFixture[str]) -> Lines:
    return Lines(capsys)


@pytest.mark.usefixtures("demonstration")
def test_a_model_goes_from_outputs_to_an_answer_and_back(
    run: Lines, leave_outputs: LeaveOutputs, application: Application, tmp_path: Path
) -> None:
    [best] = [one for one in run.read("models", "list", "--name", MODEL) if one["version"] == 1]
    assert best["RMSE"] > 0
    endpoint = run.read("deploy", NAME, "--model", MODEL, "--cpu", "0.5", "--memory", "0.5")
    assert endpoint["endpoint"] == NAME
    assert endpoint["answer"]["forecast"]
    assert "Submitting deployment to compute" in run.progress, "who waits sees where it is"
    assert NAME in run("endpoints", "list")
    shown = run.read("endpoints", "show", NAME)
    assert (shown["state"], shown["cpu_cores"], shown["memory_gb"]) == ("Healthy", 0.5, 0.5)
    answer = run.read("score", NAME, "--horizon", "3")
    assert len(answer["answer"]["forecast"]) == 3
    request = tmp_path / "request.json"
    request.write_text('{"data": [2]}')
    assert len(run.read("score", NAME, "--data", f"@{request}")["answer"]["result"]) == 2
    assert run("logs", NAME).strip()
    before = run.read("endpoints", "keys", NAME, "--show")
    assert before["primary"] not in run("endpoints", "renew-key", NAME, "primary")
    after = run.read("endpoints", "keys", NAME, "--show")
    assert after["primary"] != before["primary"]
    assert after["secondary"] == before["secondary"]
    assert run.read("endpoints", "delete", NAME, "--yes") == {"deleted": NAME}
    assert NAME not in {one.name for one in services.list_endpoints(application.workspace())}
    assert run.read("endpoints", "delete", NAME, "--yes", code=1)["error"]["code"] == "endpoint.not_found"


def test_run_outputs_are_registered_from_a_folder_and_from_a_zip(
    run: Lines, leave_outputs: LeaveOutputs, tmp_path: Path, application: Application
) -> None:
    outputs = leave_outputs("by-command", RMSE=3.5)
    first = run.read("models", "register", str(outputs.folder))
    assert (first["name"], first["version"], first["RMSE"]) == ("by-command", 1, 3.5)
    archive = shutil.make_archive(str(tmp_path / "outputs"), "zip", outputs.folder)
    assert run.read("models", "register", archive)["version"] == 2
    assert outputs.models_folder.is_dir(), "what was given stays where it is"
    for version in (1, 2):
        run("models", "delete", f"by-command:{version}", "--yes")
    assert run.read("models", "list", "--name", "by-command") == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("models", "delete", "by-command:x", "--yes"), "model.reference"),
        (("deploy", "good-name", "--model", "no-such-model"), "model.not_found"),
        (("deploy", "Bad_Name", "--model", "m:1"), "deployment.service_name"),
        (("deploy", "good-name", "--model", "m:1", "--cpu", "99"), "deployment.cpu_cores"),
        (("deploy", "good-name", "--model", "m:1", "--script", "/no/such/score.py"), "file.unreadable"),
        (("score", ENDPOINT, "--data", "{no json"), "request.json"),
        (("score", "no-such-endpoint"), "endpoint.not_found"),
        (("logs", "no-such-endpoint"), "endpoint.not_found"),
    ],
)
@pytest.mark.usefixtures("demonstration")
def test_what_cannot_be_done_is_told_with_its_reason(
    run: Lines, arguments: tuple[str, ...], code: str
) -> None:
    assert run.read(*arguments, code=1)["error"]["code"] == code
    assert run.progress.startswith(f"{code}: ")
    assert run(*arguments, code=1) == "", "without --json the standard output stays empty"


@pytest.mark.parametrize("arguments", [("models",), ("endpoints", "delete", "x"), ("endpoints", "keys", "x")])
def test_a_line_that_says_too_little_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    assert left.value.code == 2


def test_the_request_may_come_from_the_standard_input(
    run: Lines, demonstration: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"data": [1]}'))
    assert len(run.read("score", ENDPOINT, "--data", "-")["answer"]["result"]) == 1


def test_results_are_written_for_a_person() -> None:
    table = as_text([{"name": "a", "state": None}, {"name": "longer", "state": "Healthy"}])
    assert table.splitlines() == ["name    state", "a       -", "longer  Healthy"]
    assert as_text({"deleted": "x", "more": [1]}) == "deleted  x\nmore     [1]"
    assert as_text([]) == ""
