"""What is told about a scoring script before anything is built: its contract, and its imports."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from backend.local.conda_names import PYPI_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backend.environments import EnvironmentSpecification

FindingKind = Literal["syntax", "no_function", "arguments", "not_in_environment"]
# The entry script's functions and how many arguments Azure ML's server calls them with.
CONTRACT = {"init": 0, "run": 1}
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# What a package is imported as, where its name doesn't say so and it needn't be installed here.
IMPORTED_AS: dict[str, str] = {
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "google": "protobuf",
    "lightning": "lightning",
    "pil": "pillow",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}
# What the images and servers of Azure ML bring besides, though no YAML of an app here asks for it.
BROUGHT: dict[str, frozenset[str]] = {
    "azureml-defaults": frozenset(
        {"azureml-core", "azureml-inference-server-http", "inference-schema", "flask"}
    ),
    "azureml-inference-server-http": frozenset({"flask", "inference-schema"}),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or that nobody can vouch for; `line` counts from 1, 0 where there is none."""

    kind: FindingKind
    name: str
    line: int
    evidence: str = ""


def check_script(
    code: str | bytes,
    specification: EnvironmentSpecification | None,
    own_modules: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Everything found, in the order of lines; empty when the contract is kept and the imports are there.

    `own_modules` are those that the script brings itself. Imports are checked only against a specification.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError) as error:
        return (Finding("syntax", "", getattr(error, "lineno", None) or 0, str(error)),)
    found = [*_contract(tree)]
    if specification is not None:
        there = provided(specification, _requirements())
        for module, line in _imports(tree):
            if module not in own_modules and not distributions_of(module, _installed()) & there:
                found.append(Finding("not_in_environment", module, line))
    return tuple(sorted(found, key=lambda one: (one.line, one.name)))


def provided(specification: EnvironmentSpecification, requirements: Mapping[str, frozenset[str]]) -> set[str]:
    """The distributions that an environment has: those it names, and what those are known to bring."""
    waiting = [distribution(item) for item in (*specification.conda, *specification.pip)]
    there: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name and name not in there:
            there.add(name)
            waiting += [*BROUGHT.get(name, ()), *requirements.get(name, ())]
    return there


def distribution(requirement: str) -> str:
    """The name in a conda or pip requirement (`numpy=2.1`, `conda-forge::pandas`, `uvicorn[standard]>=0.30`)
    as PyPI normalizes it (PEP 503); empty for an option or an address."""
    text = requirement.strip().rpartition("::")[2]
    if text.startswith("-") or "://" in text.split("@")[0]:
        return ""
    match = NAME.match(text)
    name = match.group().lower() if match else ""
    return _normalized(PYPI_NAMES.get(name, name))


def distributions_of(module: str, installed: Mapping[str, frozenset[str]]) -> set[str]:
    """The distributions that a module may come from: those known to bring it, and one of the same name."""
    known = IMPORTED_AS.get(module.lower())
    return {_normalized(module), *installed.get(module, ()), *({known} if known else ())}


def _contract(tree: ast.Module) -> Iterator[Finding]:
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    bound = {name for node in ast.walk(tree) for name in _bound_names(node)}
    for name, count in CONTRACT.items():
        function = functions.get(name)
        if function is None:
            if name not in bound:
                yield Finding("no_function", name, 0)
            continue
        arguments = function.args
        positional = [*arguments.posonlyargs, *arguments.args]
        needed = len(positional) - len(arguments.defaults)
        # A decorator may change what the function takes, as inference_schema's do.
        if not function.decorator_list and not (
            needed <= count and (count <= len(positional) or arguments.vararg)
        ):
            yield Finding("arguments", name, function.lineno, str(count))


def _bound_names(node: ast.AST) -> Iterator[str]:
    """Names that a statement other than `def` gives: an import, an assignment."""
    if isinstance(node, ast.ImportFrom | ast.Import):
        yield from (alias.asname or alias.name for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Modules with the line of their first import; not the standard library's, nor what a `try` guards."""
    guarded = {id(child) for node in ast.walk(tree) if isinstance(node, ast.Try) for child in ast.walk(node)}
    seen: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Import | ast.ImportFrom) or id(node) in guarded:
            continue
        for name in _imported(node):
            top = name.partition(".")[0]
            full = ".".join(name.split(".")[:2])
            module = full if top == "azureml" else top  # a namespace that many distributions share
            if top in sys.stdlib_module_names or module in seen:
                continue
            seen.add(module)
            yield module, node.lineno


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if node.module and not node.level else []


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def _installed() -> Mapping[str, frozenset[str]]:
    """Modules of this application's own environment, with the distributions that bring them."""
    return {
        module: frozenset(_normalized(name) for name in names)
        for module, names in metadata.packages_distributions().items()
    }


@cache
def _requirements() -> Mapping[str, frozenset[str]]:
    """What the distributions of this application's environment need, on any platform; extras left out."""
    return {
        _normalized(one.metadata["Name"]): frozenset(
            distribution(line) for line in one.requires or () if "extra ==" not in line
        )
        for one in metadata.distributions()
    }
