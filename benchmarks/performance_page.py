"""docs/performance.md, made from the results so that no figure in it is typed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measurement import Measurement

_HEAD = """# Performance

Made by `make bench` (`python -m benchmarks`) from `benchmarks/results.json`; don't edit it by hand. A
ratio is measured against its floor in the same run, in turn with it, so that a busy machine slows both.
A figure with a bound is judged against it; the others say where the time goes.
"""
# In the name of a figure: before it the row of the section's table of figures, after it the column.
CELL = " | "


@dataclass(frozen=True)
class Section:
    """One script on the page: its title, which begins the name of each of its figures, and its words."""

    title: str
    method: str
    where_the_time_goes: str

    def of(self, measurements: Sequence[Measurement]) -> list[Measurement]:
        """The script's own figures."""
        return [one for one in measurements if one.name.startswith(f"{self.title}: ")]


def render(sections: Sequence[Section], results: Sequence[Measurement]) -> str:
    """The page: how each figure is measured, the figures, and where the time goes."""
    places = dict.fromkeys(f"Measured on {one.machine}; {one.date}.\n" for one in results)
    parts = [_HEAD, *places]
    for section in sections:
        own = section.of(results)
        parts.append(
            "\n".join(
                [
                    f"## {section.title}\n",
                    f"{section.method.strip()}\n",
                    "| Figure | Measured | Bound |",
                    "| --- | ---: | --- |",
                    *(row(one) for one in own if CELL not in one.name),
                    *grid([one for one in own if CELL in one.name]),
                    f"\nWhere the time goes: {section.where_the_time_goes.strip()}\n",
                ]
            )
        )
    return "\n".join(parts)


def row(one: Measurement) -> str:
    """The table row of one figure."""
    return f"| {_capitalized(one.name.partition(': ')[2])} | {shown(one)} | {one.verdict} |"


def grid(cells: Sequence[Measurement]) -> list[str]:
    """The lines of a table of figures named "TITLE: ROW | COLUMN"; none without any."""
    if not cells:
        return []
    places = [tuple(one.name.partition(": ")[2].split(CELL)) for one in cells]
    figures = {place: shown(one) for place, one in zip(places, cells, strict=True)}
    columns = list(dict.fromkeys(column for _, column in places))
    lines = ["", f"| | {CELL.join(map(_capitalized, columns))} |", f"| --- |{' ---: |' * len(columns)}"]
    for name in dict.fromkeys(name for name, _ in places):
        row_figures = [figures.get((name, column), "") for column in columns]
        lines.append(f"| {_capitalized(name)} | {CELL.join(row_figures)} |")
    return lines


def shown(one: Measurement) -> str:
    """The figure with its unit."""
    return f"{one.value:g} {one.unit}"


def _capitalized(name: str) -> str:
    return f"{name[:1].upper()}{name[1:]}"
