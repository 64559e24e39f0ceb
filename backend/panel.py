"""Many series of one table: the parts, and where their names say so, the sums that they make up.

The nodes and their names are those of a model that is trained on the table (scoring/node_names.py), so that
what an endpoint says of `Australia/Bikes` is drawn beside the actuals of `Australia/Bikes`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from backend.actuals_table import Actuals
from backend.series_calendar import SEASON, has_hours
from scoring.node_names import SEPARATOR as SEPARATOR
from scoring.node_names import TOTAL as TOTAL
from scoring.node_names import Node, nodes_of
from scoring.quality import inspect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy.typing as npt

    from backend.actuals_table import Problem
    from backend.series_calendar import Frequency

    Matrix = npt.NDArray[np.float64]

MOST_NODES = 200
"""Nodes of a hierarchy that are served, at most (scoring/hierarchy.py); beyond, parts stay without sums."""
SERIES_CHARACTERS = 255
"""Length of a series' name in the history."""
DIGEST_CHARACTERS = 16
LEAST_ROWS = 4
"""Rows that a series needs to be trained on (scoring/series.py)."""
WRITTEN_SECONDS, WRITTEN_DAY = "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"


@dataclass(frozen=True)
class Level:
    """Nodes that are told by the same columns: the total by none, the countries by one, the parts by all."""

    columns: tuple[str, ...]
    nodes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Panel:
    """Parts that share a calendar.

    `parts` are the names of the bottom series, `values` (parts, steps) theirs, zero where the table has no
    row; `begins` (parts,) is the place of each one's first row. `steps` are ascending, one a step of
    `calendar`. `parts_columns` names what the pieces of a part's name are; `rows` counts the table's.
    """

    name: str
    parts: tuple[str, ...]
    steps: pd.DatetimeIndex
    values: Matrix
    begins: tuple[int, ...]
    parts_columns: tuple[str, ...]
    frequency: Frequency
    calendar: str
    date_column: str
    value_column: str
    columns: tuple[str, ...]
    rows: int
    problems: tuple[Problem, ...] = ()

    @cached_property
    def origin(self) -> datetime:
        """The last step with an actual."""
        return self.steps[-1].to_pydatetime()

    @property
    def season(self) -> int:
        """Steps in a season."""
        return SEASON[self.frequency]

    @property
    def adds_up(self) -> bool:
        """Whether the parts make up sums and a total that a model can be trained for."""
        return len(self._nodes) > len(self.parts)

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of all nodes, the total first and the parts last; the parts alone where none add up."""
        return tuple(self._nodes)

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """The nodes by what they are told by, from the total to the parts."""
        found: dict[tuple[int, ...], list[str]] = {}
        for node in self._nodes.values():
            found.setdefault(node.parts, []).append(node.name)
        return tuple(
            Level(tuple(self.parts_columns[place] for place in places), tuple(names))
            for places, names in found.items()
        )

    def values_of(self, node: str) -> Matrix:
        """A node's actuals at every step, zero before it begins; KeyError for a name that is none."""
        values: Matrix = self.values[list(self._nodes[node].bottoms)].sum(axis=0)
        return values

    def parts_of(self, node: str) -> tuple[str, ...]:
        """The parts that a node sums; a part is its own."""
        return tuple(self.parts[place] for place in self._nodes[node].bottoms)

    def begin_of(self, node: str) -> int:
        """The place of a node's first step: that of the first of its parts."""
        return min(self.begins[place] for place in self._nodes[node].bottoms)

    def series_of(self, node: str) -> str:
        """The name of a node's actuals, as the history keeps it."""
        name = f"{self.name}/{node}"
        if len(name) <= SERIES_CHARACTERS:
            return name
        digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_CHARACTERS]
        return f"{name[: SERIES_CHARACTERS - DIGEST_CHARACTERS - 1]}~{digest}"

    def actuals(self, node: str) -> Actuals:
        """A node's actuals as a series like any other, from the first day of its first part; made once."""
        made = self._actuals.get(node)
        if made is None:
            made = self._actuals[node] = self._make_actuals(node)
        return made

    def _make_actuals(self, node: str) -> Actuals:
        begin = min(self.begin_of(node), len(self.steps) - 2)
        steps, values = self.steps[begin:], self.values_of(node)[begin:]
        return Actuals(
            name=self.series_of(node),
            frame=pd.DataFrame({"ds": steps, "y": values}),
            frequency=self.frequency,
            date_column=self.date_column,
            value_column=self.value_column,
            columns=self.columns,
            problems=self.problems,
            filled=(),
            calendar=self.calendar,
            findings=inspect(
                steps.to_pydatetime().tolist(), values.tolist(), self.calendar, season=self.season, filled=()
            ),
        )

    def history(self, parts: Sequence[str], first: int | None = None) -> list[dict[str, Any]]:
        """The rows of some parts as the scoring contract wants them, from the place `first` on.

        Parts that add up then have the same steps; others, and all without `first`, begin with their own.
        """
        written = self._written()
        rows: list[dict[str, Any]] = []
        for name in parts:
            [place] = self._nodes[name].bottoms
            own = self.begins[place]
            begin = own if first is None else first if self.adds_up else max(own, first)
            values = self.values[place, begin:].tolist()
            rows += [
                {"unique_id": name, "ds": ds, "y": y} for ds, y in zip(written[begin:], values, strict=True)
            ]
        return rows

    def digests(self, origins: Iterable[datetime]) -> dict[datetime, str]:
        """The SHA-256 of all parts up to each origin: what a forecast of any node could have seen."""
        digest = hashlib.sha256("\n".join(self.parts).encode())
        steps = self.steps.to_numpy().astype("datetime64[s]").astype("<i8")
        # A row a step: where it is cut between two origins must not tell in the digest of a third.
        rows = np.ascontiguousarray(np.column_stack([steps, self.values.T]), dtype="<f8")
        found: dict[datetime, str] = {}
        begin = 0
        for origin in sorted(set(origins)):
            end = int(np.searchsorted(steps, np.datetime64(origin, "s").astype("<i8"), side="right"))
            digest.update(rows[begin:end].tobytes())
            found[origin], begin = digest.copy().hexdigest(), end
        return found

    def write_long(self, path: Path) -> Path:
        """The table as the training command reads one: unique_id, ds, y, a row a part and step.

        Parts that add up are written over the same steps, others from their own first row.
        """
        written = np.asarray(self._written(), dtype=object)
        latest = max(len(written) - LEAST_ROWS, 0)
        begins = [0 if self.adds_up else min(begin, latest) for begin in self.begins]
        table = pd.concat(
            [
                pd.DataFrame({"unique_id": name, "ds": written[begin:], "y": values[begin:]})
                for name, values, begin in zip(self.parts, self.values, begins, strict=True)
            ]
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False)
        return path

    def _written(self) -> list[str]:
        return self.steps.strftime(WRITTEN_SECONDS if has_hours(self.frequency) else WRITTEN_DAY).tolist()

    @cached_property
    def _actuals(self) -> dict[str, Actuals]:
        return {}

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        try:
            found = nodes_of(self.parts) if len(self.parts) > 1 else ()
        except ValueError:  # the names have no parts in common
            found = ()
        if not found or len(found) > MOST_NODES:
            whole = tuple(range(len(self.parts_columns)))
            found = tuple(Node(name, whole, (place,)) for place, name in enumerate(self.parts))
        return {node.name: node for node in found}
