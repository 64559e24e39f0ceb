"""The scoring script that a deployment carries: ours, or one that a team brings."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backend.errors import InvalidInput
from backend.settings import PROJECT_ROOT
from scoring.contract import ENTRY_SCRIPT, SHIPPED_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

SCORING = PROJECT_ROOT / "scoring"
TRAINING = "train.py"
SCRIPT_BYTES = 1_000_000


@dataclass(frozen=True)
class Script:
    """An entry script and the files that it imports; names are relative to one folder."""

    entry: str
    files: Mapping[str, bytes]

    @property
    def code(self) -> str:
        """The entry script's text."""
        return self.files[self.entry].decode("utf-8", errors="replace")

    def write(self, folder: Path) -> None:
        """Write every file below `folder`, which is made when it isn't there."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def bundled_script() -> Script:
    """The product's own scoring script with the modules it needs, and nothing of the training."""
    return Script(ENTRY_SCRIPT, {name: (SCORING / name).read_bytes() for name in SHIPPED_FILES})


def training_code() -> str:
    """The text of the training script that made the bundled model."""
    return (SCORING / TRAINING).read_text(encoding="utf-8")


def script_from_upload(name: str, content: bytes) -> Script:
    """One uploaded .py file as a script; InvalidInput names what is wrong with it.

    The SDK parses the entry script too, but with an error that names a temporary path.
    """
    plain = Path(name).name
    if not plain.endswith(".py"):
        raise InvalidInput(
            f"The script must be a .py file, not {plain}.",
            field="script",
            code="script.not_python",
            name=plain,
        )
    if len(content) > SCRIPT_BYTES:
        raise InvalidInput(
            f"The script has {len(content)} bytes; at most {SCRIPT_BYTES} are taken.",
            field="script",
            code="script.too_large",
            size=len(content),
            bound=SCRIPT_BYTES,
        )
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        raise InvalidInput(
            f"The script can't be parsed: line {line}: {error}",
            field="script",
            code="script.syntax",
            line=line,
            evidence=str(error),
        ) from error
    _require_contract(tree)
    return Script(plain, {plain: content})


def _require_contract(tree: ast.Module) -> None:
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    names |= {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    missing = [name for name in ("init", "run") if name not in names]
    if missing:
        raise InvalidInput(
            f"The script defines no {' and no '.join(f'{name}()' for name in missing)}.",
            field="script",
            code="script.no_function",
            missing=", ".join(f"{name}()" for name in missing),
        )
