"""One measured figure: what it is, what it may be, and whether it holds."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Better = Literal["lower", "higher"]
CPU_INFORMATION = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Measurement:
    """A figure with its unit; `bound` and `holds` are None for one that is only reported."""

    name: str
    value: float
    unit: str
    bound: float | None
    better: Better
    holds: bool | None
    machine: str
    date: str

    @property
    def verdict(self) -> str:
        """The bound and whether it holds, in words."""
        if self.bound is None:
            return "reported"
        limit = f"at {'most' if self.better == 'lower' else 'least'} {self.bound:g}"
        return f"{limit}: {'holds' if self.holds else 'DOES NOT HOLD'}"


def measurement(
    name: str, value: float, unit: str, *, better: Better = "lower", bound: float | None = None
) -> Measurement:
    """A figure measured here and now, judged by its bound as it is, before it is rounded."""
    holds = None if bound is None else (value <= bound if better == "lower" else value >= bound)
    return Measurement(
        name, float(f"{value:.4g}"), unit, bound, better, holds, machine(), f"{datetime.now(UTC):%Y-%m-%d}"
    )


def machine() -> str:
    """The cores, memory, processor, system and Python that a figure was measured on."""
    memory = psutil.virtual_memory().total / 1024**3
    parts = [f"{len(os.sched_getaffinity(0))} cores", f"{memory:.0f} GB", _processor()]
    return ", ".join(
        [*parts, f"{platform.system()} {platform.machine()}", f"Python {platform.python_version()}"]
    )


def table(measurements: Sequence[Measurement]) -> str:
    """The figures in columns, for a terminal."""
    rows = [(one.name, f"{one.value:g}", one.unit, one.verdict) for one in measurements]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"  {name:<{widths[0]}}  {value:>{widths[1]}} {unit:<{widths[2]}}  {verdict}"
        for name, value, unit, verdict in rows
    )


def write_results(path: Path, measurements: Iterable[Measurement]) -> None:
    """Write the results as a JSON list, one object a figure."""
    rows = [asdict(one) for one in measurements]
    path.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_results(path: Path) -> list[Measurement]:
    """The results as they were written; none when there are none yet."""
    if not path.exists():
        return []
    return [Measurement(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def _processor() -> str:
    lines = CPU_INFORMATION.read_text(encoding="utf-8").splitlines() if CPU_INFORMATION.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "processor unknown"
