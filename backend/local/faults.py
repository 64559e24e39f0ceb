"""Faults on purpose, for demonstrations and tests; none unless asked for.

They come from the environment variable YOSOKU_LOCAL_FAULTS (`slow_build=5,quota_cores=2`) or from
`faults.json` in the
workspace's folder, which wins and is read anew at every use.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from backend.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

VARIABLE = "YOSOKU_LOCAL_FAULTS"
EntryFault = Literal["failing_init", "crash_loop", "out_of_memory"]

ENTRY_SCRIPTS: dict[EntryFault, str] = {
    "failing_init": "raise RuntimeError('fault switch failing_init: init() failed on purpose')",
    "crash_loop": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "out_of_memory": "held = []\n    while True:\n        held.append(bytearray(b'x' * (16 << 20)))",
}


@dataclass(frozen=True)
class Faults:
    """`slow_build`: seconds added to each environment build; `quota_cores`: cores the region grants in all;
    `entry`: what every new deployment's init() does instead of its own work."""

    slow_build: float = 0.0
    quota_cores: float | None = None
    entry: EntryFault | None = None


def read_faults(path: Path) -> Faults:
    """The switches that are on now; `InvalidInput` names one that isn't known or can't be read."""
    if path.exists():
        try:
            given = json.loads(path.read_text())
        except ValueError as fault:
            raise InvalidInput(f"{path} isn't JSON: {fault}", field="faults", code="local.faults") from fault
        if not isinstance(given, dict):
            raise InvalidInput(f"{path} must hold an object", field="faults", code="local.faults")
    else:
        pairs = (part.partition("=") for part in os.environ.get(VARIABLE, "").split(",") if part.strip())
        given = {name.strip(): value.strip() for name, _, value in pairs}
    return _parse(given)


def entry_script(fault: EntryFault) -> str:
    """The entry script that shows `fault`."""
    return f"def init():\n    {ENTRY_SCRIPTS[fault]}\n\n\ndef run(data):\n    return data\n"


def _parse(given: dict[str, object]) -> Faults:
    unknown = sorted(given.keys() - {"slow_build", "quota_cores", "entry"})
    if unknown:
        raise InvalidInput(
            f"no such fault switch: {', '.join(unknown)}", field=unknown[0], code="local.faults"
        )
    entry = next((name for name in get_args(EntryFault) if name == given.get("entry")), None)
    if given.get("entry") and entry is None:
        raise InvalidInput(
            f"entry must be one of {', '.join(get_args(EntryFault))}, not {given['entry']!r}",
            field="entry",
            code="local.faults",
        )
    quota = given.get("quota_cores")
    return Faults(
        slow_build=_number("slow_build", given.get("slow_build") or 0.0),
        quota_cores=None if quota in (None, "") else _number("quota_cores", quota),
        entry=entry,
    )


def _number(name: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number < 3600:
        raise InvalidInput(
            f"{name} must be a number from 0 to 3600, not {value!r}", field=name, code="local.faults"
        )
    return number
