"""The arrows of the house, read from the tree: who may import whom, and where the SDK comes in."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
ROOMS = ("dashboard", "backend", "scoring")
# What each room may import of the others; scoring is shipped into an image and knows nobody.
ALLOWED = {"streamlit_app": {"dashboard"}, "dashboard": {"backend"}, "backend": set(), "scoring": set()}
# Of scoring the backend may import the contract, and the pure rules that name the nodes of a hierarchy and
# say what stands out in a series.
SHARED_BY_SCORING = ("scoring.contract", "scoring.finding", "scoring.node_names", "scoring.quality")
LIGHT = {*sys.stdlib_module_names, "numpy"}
# The local workspace's pages of the wire are served by it alone; of it the dashboard reads what is enforced.
LOCAL_FOR_DASHBOARD = "backend.local.limits"


def modules() -> list[Path]:
    """Every module of the product."""
    return [
        ROOT / "streamlit_app.py",
        *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))),
    ]


def room_of(path: Path) -> str:
    """The room a module lies in."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imports(tree: ast.AST, package: str = "") -> Iterator[str]:
    """The dotted names that a tree imports; a relative import is told in full."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]).strip(".")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def package_of(path: Path) -> str:
    """The package that a module's relative imports start from."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts[:-1])


def at_top(tree: ast.Module) -> list[ast.stmt]:
    """What runs when the module is imported: neither function bodies nor type-checking blocks."""
    found: list[ast.stmt] = []
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If):
            waiting += node.orelse + ([] if "TYPE_CHECKING" in ast.unparse(node.test) else node.body)
        elif isinstance(node, ast.Try):
            waiting += node.body + node.orelse + node.finalbody
            waiting += [inner for handler in node.handlers for inner in handler.body]
        elif isinstance(node, ast.With):
            waiting += node.body
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found.append(node)
    return found


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_down(path: Path) -> None:
    room = room_of(path)
    for name in imports(parsed(path), package_of(path)):
        other = name.split(".")[0]
        if other not in ROOMS or other == room:
            continue
        if room == "backend" and name.startswith(SHARED_BY_SCORING):
            continue
        assert other in ALLOWED[room], f"{room} imports {name}"


@pytest.mark.parametrize("module", SHARED_BY_SCORING)
def test_what_scoring_shares_is_light(module: str) -> None:
    """Of its own room it needs only calendars, errors and findings, of others at most numpy."""
    for name in imports(parsed(ROOT / f"{module.replace('.', '/')}.py"), "scoring"):
        first, *rest = name.split(".")
        allowed = rest[0] in ("frequency", "errors", "finding") if first == "scoring" else first in LIGHT
        assert allowed, f"{module} imports {name}"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_streamlit_stays_in_the_dashboard(path: Path) -> None:
    if room_of(path) not in ("streamlit_app", "dashboard"):
        assert not [name for name in imports(parsed(path)) if name.split(".")[0] == "streamlit"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_sdk_is_imported_in_the_backend_alone_and_lazily(path: Path) -> None:
    tree = parsed(path)
    if room_of(path) != "backend":
        assert not [name for name in imports(tree) if name.split(".")[0] == "azureml"]
        return
    eager = [name for node in at_top(tree) for name in imports(node) if name.split(".")[0] == "azureml"]
    assert not eager, "azureml reads its cloud when it is imported: import it inside the function"


def test_the_dashboard_sees_little_of_the_local_workspace() -> None:
    for path in sorted((ROOT / "dashboard").rglob("*.py")):
        for name in imports(parsed(path)):
            if name.startswith("backend.local"):
                assert name == LOCAL_FOR_DASHBOARD, f"{path.name} imports {name}"


def test_the_entry_is_short() -> None:
    assert len((ROOT / "streamlit_app.py").read_text(encoding="utf-8").splitlines()) < 80


@pytest.mark.parametrize(
    "module",
    [
        *("breakdown", "breakdown_chart", "charts", "evaluation_words", "headline", "i18n"),
        *("calibration_words", "comparison_chart", "comparison_words", "moments", "signal_words"),
        *("lead_time_chart", "notes_words", "series", "spreadsheet"),
        *("brief/boards", "brief/delivery", "brief/files"),
        *("brief/colours", "brief/content", "brief/drawing", "brief/figure", "brief/fonts", "brief/html"),
        *("brief/marks", "brief/pdf", "brief/png", "brief/scales", "brief/setting"),
    ],
    ids=lambda module: f"dashboard/{module}.py",
)
def test_pure_modules_know_no_browser(module: str) -> None:
    names = {name.split(".")[0] for name in imports(parsed(ROOT / "dashboard" / f"{module}.py"))}
    assert "streamlit" not in names
