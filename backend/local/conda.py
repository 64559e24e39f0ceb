"""A conda specification read as what uv can install: a Python version and PyPI requirements.

The specification is the SDK's own dictionary of an Environment (`python.condaDependencies`). The rules are in
docs/environments.md.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from backend.errors import InvalidEnvironment
from backend.local.conda_names import CONDA_ONLY, DEFAULTS, PYPI_NAMES, SERVER

# Counted up when the same specification is built differently, so that older folders are not reused.
FORMAT = 1

_MATCH_SPEC = re.compile(r"^\s*([A-Za-z0-9_.\-]+)\s*(.*)$", re.DOTALL)
_VERSION_TERM = re.compile(r"^(==|!=|<=|>=|~=|<|>|=)?\s*([A-Za-z0-9_.!+*\-]+)$")
_BRACKETS = re.compile(r"\[(.*)\]\s*$", re.DOTALL)
_BRACKET_VALUE = re.compile(r"(\w+)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|([^,\s]+))")
_ALLOWED_OPTIONS = (
    "--index-url",
    "-i",
    "--extra-index-url",
    "--find-links",
    "-f",
    "--no-binary",
    "--only-binary",
    "--pre",
    "--prefer-binary",
    "--trusted-host",
)


@dataclass(frozen=True)
class PythonRequirements:
    """What uv is asked for; `python` is a PEP 440 specifier set, `notes` are lines for the build log."""

    python: str | None
    packages: tuple[str, ...]
    ignored: tuple[str, ...]
    notes: tuple[str, ...] = ()


def requirements_of(definition: Mapping[str, object]) -> PythonRequirements:
    """Read the SDK's Environment dictionary.

    Raises InvalidEnvironment, which names the entry, for what neither conda nor pip would understand.
    """
    section = _mapping(definition.get("python") or {}, "python")
    if section.get("userManagedDependencies"):
        raise _invalid(
            "python.userManagedDependencies",
            "the packages of a base image can't be used here: the local workspace has no images. "
            "Give conda dependencies instead",
        )
    conda = _mapping(section.get("condaDependencies") or {}, "python.condaDependencies")
    reader = _Reader()
    for entry in _list(conda.get("dependencies") or [], "dependencies"):
        reader.read(entry)
    return reader.requirements()


def digest(definition: Mapping[str, object]) -> str:
    """Stable hash of what decides the built folder: the requirements and the platform, not the name."""
    requirements = requirements_of(definition)
    content = {
        "format": FORMAT,
        "python": requirements.python or f"=={_own_minor()}.*",
        "packages": sorted(requirements.packages),
        "platform": [sys.platform, platform.machine()],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def pypi_requirement(match_spec: str) -> tuple[str, str, str]:
    """Translate one conda match specification to (conda name, PEP 508 requirement, note)."""
    name, version, note = split_match_spec(match_spec)
    pypi_name = PYPI_NAMES.get(name, name)
    if pypi_name != name:
        note = "; ".join(part for part in (f"{name} is {pypi_name} on PyPI", note) if part)
    requirement = f"{pypi_name}{_specifiers(version, match_spec)}"
    try:
        Requirement(requirement)
    except InvalidRequirement as error:
        raise _invalid("dependencies", f"'{match_spec}' is not a conda package specification") from error
    return name, requirement, note


def split_match_spec(match_spec: str) -> tuple[str, str, str]:
    """Split a match specification into (name, version constraint, note), without channel and build string."""
    text = match_spec.strip()
    notes: list[str] = []
    brackets = dict[str, str]()
    if found := _BRACKETS.search(text):
        brackets = {key: a or b or c for key, a, b, c in _BRACKET_VALUE.findall(found.group(1))}
        text = text[: found.start()].strip()
    if "::" in text:
        text = text.split("::", 1)[1].strip()
    matched = _MATCH_SPEC.match(text)
    if not matched:
        raise _invalid("dependencies", f"'{match_spec}' is not a conda package specification")
    name, rest = matched.group(1).lower(), matched.group(2).strip()
    version, build = _version_and_build(rest)
    version, build = brackets.get("version", version), brackets.get("build", build)
    if build and build != "*":
        notes.append(f"the build string {build} has no meaning on PyPI and was dropped")
    return name, version, "; ".join(notes)


def _version_and_build(rest: str) -> tuple[str, str]:
    """Split "=1.2=build", "1.2 build" or ">=1.2,<2" into version and build string."""
    if rest.startswith("=") and not rest.startswith("==") and rest.count("=") == 2:
        version, build = rest[1:].split("=")
        return f"=={version.strip()}", build.strip()
    if rest.startswith("==") and "=" in rest[2:]:
        version, build = rest[2:].split("=", 1)
        return f"=={version.strip()}", build.strip()
    words = re.sub(r"\s*,\s*", ",", re.sub(r"([<>=!~])\s+", r"\1", rest)).split()
    if len(words) == 2 and not re.match(r"[<>=!~]", words[1]):
        exact = words[0] if re.match(r"[<>=!~]", words[0]) else f"=={words[0]}"
        return exact, words[1]
    return ",".join(words), ""


def _specifiers(version: str, match_spec: str) -> str:
    """PEP 440 specifiers of a conda version constraint."""
    if not version:
        return ""
    if "|" in version:
        raise _invalid("dependencies", f"'{match_spec}' has alternatives (|), which PyPI can't express")
    terms: list[str] = []
    for term in version.split(","):
        matched = _VERSION_TERM.match(term.strip())
        if not matched:
            raise _invalid("dependencies", f"'{match_spec}' has a version that can't be read: '{term}'")
        if matched.group(2) == "*":
            continue
        terms.append(_specifier(matched.group(1) or "==", matched.group(2), fuzzy=matched.group(1) == "="))
    joined = ",".join(terms)
    try:
        SpecifierSet(joined)
    except InvalidSpecifier as error:
        raise _invalid(
            "dependencies", f"'{match_spec}' has a version that can't be read: '{version}'"
        ) from error
    return joined


def _specifier(operator: str, version: str, *, fuzzy: bool) -> str:
    """One term; conda's `=1.2` and `1.2*` mean 1.2 and everything that begins with `1.2.`."""
    if fuzzy:
        operator = "=="
    starred = version.endswith("*")
    bare = version.rstrip("*").rstrip(".") if starred else version
    if operator in {"==", "!="} and (fuzzy or starred):
        return f"{operator}{bare}.*"
    return f"{operator}{bare}"


class _Reader:
    """Collects the entries of one `dependencies` list."""

    def __init__(self) -> None:
        self.python: str | None = None
        self.packages: list[str] = []
        self.ignored: list[str] = []
        self.notes: list[str] = []

    def read(self, entry: object) -> None:
        if isinstance(entry, str):
            self._read_conda(entry)
        elif isinstance(entry, Mapping) and set(entry) == {"pip"}:
            for line in _list(entry["pip"] or [], "dependencies.pip"):
                self._read_pip(line)
        else:
            raise _invalid("dependencies", f"an entry is neither a package nor a pip section: {entry!r}")

    def _read_conda(self, entry: str) -> None:
        name, requirement, note = pypi_requirement(entry)
        if name == "python":
            self.python = requirement.removeprefix("python") or None
        elif name in CONDA_ONLY:
            self.ignored.append(name)
        else:
            self.packages.append(requirement)
        if note and name not in CONDA_ONLY:
            self.notes.append(f"{entry.strip()}: {note}")

    def _read_pip(self, entry: object) -> None:
        if not isinstance(entry, str):
            raise _invalid("dependencies.pip", f"an entry is not a text: {entry!r}")
        line = re.sub(r"(^|\s)#.*$", "", entry).strip()
        if not line:
            return
        if line.startswith("-"):
            if re.split(r"[ =]", line, maxsplit=1)[0] not in _ALLOWED_OPTIONS:
                raise _invalid(
                    "dependencies.pip", f"'{line}' needs files that are not a part of the environment"
                )
            self.packages.append(line)
            return
        if not re.match(r"(git\+|https?://)", line):
            try:
                Requirement(line)
            except InvalidRequirement as error:
                raise _invalid("dependencies.pip", f"'{line}' is not a pip requirement") from error
        self.packages.append(line)

    def requirements(self) -> PythonRequirements:
        names = {package_name(line) for line in self.packages}
        if not names & {SERVER, DEFAULTS}:
            self.packages.append(SERVER)
            self.notes.append(f"{SERVER} was added: the list has no inference server")
        return PythonRequirements(self.python, tuple(self.packages), tuple(self.ignored), tuple(self.notes))


def package_name(requirement: str) -> str:
    """Canonical name of a requirement line; empty for options and addresses."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""


def _own_minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _mapping(value: object, field: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _invalid(field, "it must be a mapping")
    return value


def _list(value: object, field: str) -> list[object]:
    if not isinstance(value, list):
        raise _invalid(field, "it must be a list")
    return value


def _invalid(field: str, sentence: str) -> InvalidEnvironment:
    return InvalidEnvironment(
        f"The conda specification can't be used ({field}): {sentence}.",
        field=field,
        code="environment.invalid",
    )
