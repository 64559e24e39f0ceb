"""The scoring script that a deployment carries: ours, or one that a team brings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backend.errors import InvalidInput
from backend.script_checks import check_script
from backend.settings import PROJECT_ROOT
from scoring.contract import ENTRY_SCRIPT, SHIPPED_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.script_checks import Finding

SCORING = PROJECT_ROOT / "scoring"
TRAINING = "train.py"
TEMPLATE = "template_score.py"
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


def template() -> Script:
    """A scoring script for a pickled model, to begin one's own with."""
    return Script(ENTRY_SCRIPT, {ENTRY_SCRIPT: (SCORING / TEMPLATE).read_bytes()})


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
    script = Script(plain, {plain: content})
    for finding in check_script(content, None):
        raise refusal(finding)
    return script


def refusal(finding: Finding) -> InvalidInput:
    """What a script is refused with; for findings of every kind but an import."""
    if finding.kind == "syntax":
        return InvalidInput(
            f"The script can't be parsed: line {finding.line}: {finding.evidence}",
            field="script",
            code="script.syntax",
            line=finding.line,
            evidence=finding.evidence,
        )
    if finding.kind == "no_function":
        return InvalidInput(
            f"The script defines no {finding.name}().",
            field="script",
            code="script.no_function",
            missing=f"{finding.name}()",
        )
    return InvalidInput(
        f"Line {finding.line}: {finding.name}() is called with {finding.evidence} argument(s).",
        field="script",
        code="script.arguments",
        line=finding.line,
        name=f"{finding.name}()",
        count=finding.evidence,
    )
