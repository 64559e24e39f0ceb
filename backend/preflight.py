"""What can be known before a deployment: each check a name, a state and the facts of its sentence (pure)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from backend.deployments import check_service_name
from backend.sizing import ACI, largest_request, with_overhead

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.environments import EnvironmentSpecification
    from backend.model_contents import ModelContents
    from backend.models import RegisteredModel
    from backend.services import Endpoint
    from backend.workspace import WorkspaceFacts

CheckName = Literal["name", "size", "quota", "region", "files", "code", "versions"]
CheckState = Literal["passed", "warning", "failed", "unknown"]
# The property of a version that says what made it: a JSON object, `{"python": "3.11.7", "numpy": "2.3.5"}`.
PACKAGES = "packages"
# A deviation of these decides whether a model can be read; another patch release seldom does.
COMPARED_PARTS = 2


@dataclass(frozen=True)
class Check:
    """One line of the list; the sentence is `preflight.<name>.<saying>` in the catalogues."""

    name: CheckName
    state: CheckState
    saying: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Quota:
    """Cores that a region grants, None for no bound; or that it can't be known before."""

    limit_cores: float | None
    is_known: bool = True


@dataclass(frozen=True)
class Difference:
    """A package that made the model in one version and is asked for in another."""

    package: str
    made_with: str
    asked_for: str


def check_name(name: str, endpoints: Sequence[Endpoint], *, replace: bool) -> Check:
    """Whether the name is valid and free, or to be replaced."""
    if check_service_name(name) is not None:
        return Check("name", "failed", "invalid")
    if name not in {endpoint.name for endpoint in endpoints}:
        return Check("name", "passed", "free", {"name": name})
    return Check(
        "name", "passed" if replace else "failed", "replaced" if replace else "taken", {"name": name}
    )


def check_size(cpu_cores: float, memory_gb: float) -> Check:
    """Whether the platform's own containers still fit beside the request."""
    cores, memory = with_overhead(cpu_cores, memory_gb)
    most_cores, most_memory = largest_request()
    details = {"cores": f"{cores:g}", "memory": f"{memory:g}"}
    if cores > ACI.cpu_cores or memory > ACI.memory_gb:
        return Check(
            "size",
            "warning",
            "too_large",
            {**details, "most_cores": f"{most_cores:g}", "most_memory": f"{most_memory:g}"},
        )
    return Check("size", "passed", "fits", details)


def check_quota(
    cpu_cores: float, name: str, endpoints: Sequence[Endpoint], quota: Quota, *, overhead: bool
) -> Check:
    """Cores that our endpoints use against what the region grants.

    `overhead` is whether the platform counts its own containers too. The endpoint of this name, which is to
    be replaced, does not count.
    """
    others = [endpoint for endpoint in endpoints if endpoint.name != name]
    extra = ACI.overhead.cpu_cores if overhead else 0.0
    used = sum((endpoint.cpu_cores or 0.0) + extra for endpoint in others)
    wanted = cpu_cores + extra
    details = {"used": f"{used:g}", "wanted": f"{wanted:g}", "count": len(others)}
    if not quota.is_known:
        return Check("quota", "unknown", "unknown", details)
    if quota.limit_cores is None:
        return Check("quota", "passed", "unbounded", details)
    details |= {"limit": f"{quota.limit_cores:g}", "left": f"{max(0.0, quota.limit_cores - used):g}"}
    if used + wanted > quota.limit_cores + 1e-9:
        return Check("quota", "failed", "exceeded", details)
    return Check("quota", "passed", "enough", details)


def check_region(facts: WorkspaceFacts, location: str) -> Check:
    """Where the endpoint will run."""
    if facts.kind == "local":
        return Check("region", "passed", "local")
    if location and location.lower() != facts.location.lower():
        return Check("region", "warning", "elsewhere", {"region": location, "home": facts.location})
    return Check("region", "passed", "same", {"region": location or facts.location})


def check_files(contents: ModelContents) -> Check:
    """Whether the model has files at all."""
    count = len(contents.files)
    if not count:
        return Check("files", "failed", "none")
    return Check("files", "passed", "present", {"count": count, "first": contents.files[0]})


def check_code(contents: ModelContents) -> Check:
    """Whether loading the model runs code that it holds."""
    if contents.runs_code:
        named = ", ".join(contents.runs_code[:3])
        return Check("code", "warning", "pickle", {"files": named, "count": len(contents.runs_code)})
    return Check("code", "passed", "data")


def check_versions(
    model: RegisteredModel,
    environment: EnvironmentSpecification,
    installed: Mapping[str, str] | None = None,
) -> Check:
    """The versions that made the model against those that are installed, where a rehearsal built the
    environment, else against what it asks for."""
    made_with = packages_of(model)
    if not made_with:
        return Check("versions", "unknown", "not_recorded", {"property": PACKAGES})
    holds = asked_for(environment)
    if installed is not None:
        holds |= {canonicalize_name(name): f"=={version}" for name, version in installed.items()}
    found = differences(made_with, holds)
    if found:
        named = "; ".join(f"{one.package} {one.made_with} → {one.asked_for}" for one in found)
        return Check("versions", "warning", "differ", {"packages": named, "count": len(found)})
    shared = ", ".join(sorted(set(made_with) & set(holds)))
    if not shared:
        return Check("versions", "unknown", "not_shared")
    return Check("versions", "passed", "same" if installed is None else "installed", {"packages": shared})


def packages_of(model: RegisteredModel) -> dict[str, str]:
    """The versions that made a model, as its property says; empty when it says nothing that can be read."""
    try:
        told = json.loads(model.properties.get(PACKAGES, "{}"))
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {canonicalize_name(str(name)): str(version) for name, version in told.items()}


def asked_for(environment: EnvironmentSpecification) -> dict[str, str]:
    """The specification's packages and what it says of their versions, `==2.1` or empty."""
    lines = [*environment.conda, *environment.pip]
    found = dict(filter(None, map(_requirement, lines)))
    if environment.python:
        found["python"] = _pep440(environment.python)
    return found


def differences(made_with: Mapping[str, str], asked: Mapping[str, str]) -> tuple[Difference, ...]:
    """Packages of the model that the specifiers don't allow in the version that made it.

    One that pins another patch release of the same minor version is no difference.
    """
    return tuple(
        Difference(package, version, asked[package])
        for package, version in sorted(made_with.items())
        if package in asked and not _allows(asked[package], version)
    )


def _allows(specifier: str, version: str) -> bool:
    if not specifier:
        return True
    try:
        wanted = Requirement(f"x{specifier}").specifier
        made = Version(version)
    except (InvalidRequirement, InvalidVersion):
        return True  # what can't be compared is no difference
    if wanted.contains(made, prereleases=True):
        return True
    pins = [part for part in wanted if part.operator in ("==", "===") and not part.version.endswith(".*")]
    return any(Version(pin.version).release[:COMPARED_PARTS] == made.release[:COMPARED_PARTS] for pin in pins)


def _requirement(line: str) -> tuple[str, str] | None:
    """`numpy=1.26` and `numpy>=1.26,<2 ; python_version<'4'` as name and specifier."""
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        name, sign, version = line.split("::")[-1].partition("=")
        if not sign or not name.strip():
            return None
        return canonicalize_name(name.strip()), _pep440(f"={version}")
    return canonicalize_name(requirement.name), str(requirement.specifier)


def _pep440(specifier: str) -> str:
    """conda's `=3.11` (any 3.11) and `=3.11=build` as pip writes them."""
    text = specifier.replace(" ", "")
    if text.startswith("=") and not text.startswith("=="):
        version = text[1:].split("=")[0].removesuffix(".*").removesuffix("*").rstrip(".")
        return f"=={version}.*"
    return text
