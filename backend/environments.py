"""Conda specifications: read, checked, registered once and reused after."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from backend.errors import InvalidEnvironment
from backend.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from azureml.core import Environment, Workspace

ENVS = PROJECT_ROOT / "envs"
OURS = "scoring.yml"
YAML_BYTES = 100_000
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}")


@dataclass(frozen=True)
class EnvironmentSpecification:
    """A conda YAML as it was written, and what it asks for."""

    name: str
    python: str
    conda: tuple[str, ...]
    pip: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class RegisteredEnvironment:
    """An environment that the workspace knows."""

    name: str
    version: str


def bundled() -> list[EnvironmentSpecification]:
    """The specifications that ship in `envs/`, the one of our own scoring script first."""
    paths = sorted(ENVS.glob("*.yml"), key=lambda path: (path.name != OURS, path.name))
    return [read(path) for path in paths]


def read(path: Path) -> EnvironmentSpecification:
    """The specification in a file; InvalidEnvironment when it can't be read."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> EnvironmentSpecification:
    """A conda YAML's text as a specification; InvalidEnvironment names the key that is wrong."""
    if len(text.encode()) > YAML_BYTES:
        raise InvalidEnvironment(
            f"The YAML is larger than {YAML_BYTES} bytes.",
            field="environment",
            code="environment.too_large",
            bound=YAML_BYTES,
        )
    document = _document(text)
    name = document.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise InvalidEnvironment(
            "`name:` is missing or isn't a plain name (letters, digits, dot, dash, underscore).",
            field="name",
            code="environment.name",
        )
    conda, pip = _dependencies(document)
    python = next((item for item in conda if re.match(r"python\b(?!-)", item)), "")
    return EnvironmentSpecification(
        name=name,
        python=python.removeprefix("python").strip() or "",
        conda=tuple(item for item in conda if item != python),
        pip=tuple(pip),
        text=text,
    )


def _document(text: str) -> dict[str, Any]:
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 0
        raise InvalidEnvironment(
            f"The file isn't YAML: line {line}.",
            field="environment",
            code="environment.yaml",
            evidence=str(error),
            line=line,
        ) from error
    if not isinstance(document, dict):
        raise InvalidEnvironment(
            "The file has no `name:` and no `dependencies:`.",
            field="environment",
            code="environment.not_conda",
        )
    return document


def _dependencies(document: dict[str, Any]) -> tuple[list[str], list[str]]:
    entries = document.get("dependencies")
    wrong = InvalidEnvironment(
        "`dependencies:` must be a list of package names, with at most one `pip:` list in it.",
        field="dependencies",
        code="environment.dependencies",
    )
    if not isinstance(entries, list):
        raise wrong
    conda: list[str] = []
    pip: list[str] = []
    for entry in entries:
        if isinstance(entry, str):
            conda.append(entry)
        elif isinstance(entry, dict) and set(entry) == {"pip"} and isinstance(entry["pip"], list):
            if not all(isinstance(item, str) for item in entry["pip"]):
                raise wrong
            pip.extend(entry["pip"])
        else:
            raise wrong
    return conda, pip


def ensure(workspace: Workspace, specification: EnvironmentSpecification) -> tuple[Environment, bool]:
    """The workspace's environment of this specification, and whether it was there already.

    The same name with the same dependencies is reused; a changed one becomes its next version.
    """
    from azureml.core import Environment

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{specification.name}.yml"
        path.write_text(specification.text, encoding="utf-8")
        wanted = Environment.from_conda_specification(specification.name, str(path))
    if any(known.name == specification.name for known in registered(workspace)):
        known = Environment.get(workspace, specification.name)
        if known.python.conda_dependencies.as_dict() == wanted.python.conda_dependencies.as_dict():
            return known, True
    return wanted.register(workspace), False


def registered(workspace: Workspace) -> list[RegisteredEnvironment]:
    """The environments that the workspace knows, newest version of each."""
    from azureml.core import Environment

    return [
        RegisteredEnvironment(name, str(environment.version))
        for name, environment in sorted(Environment.list(workspace).items())
    ]
