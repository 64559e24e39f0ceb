"""The nodes of a hierarchy, told by the names of its bottom series: parts, sums, the total; pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TOTAL = "total"
SEPARATOR = "/"


@dataclass(frozen=True)
class Node:
    """A series of a hierarchy: which parts of the ids it is told by, and the places of those that it sums."""

    name: str
    parts: tuple[int, ...]
    bottoms: tuple[int, ...]


def nodes_of(ids: Sequence[str]) -> tuple[Node, ...]:
    """The nodes that the parts of ids make, the total first and the ids themselves last.

    Of `Australia/Bikes` they are `total`, `Australia`, `Bikes` and itself. Raises ValueError with a sentence
    for ids of different depth or of one part, and for two nodes of the same name.
    """
    parts = [tuple(name.split(SEPARATOR)) for name in ids]
    depth = len(parts[0])
    if depth < 2 or any(len(part) != depth or "" in part for part in parts):
        raise ValueError(f"every id must have the same parts, {SEPARATOR} between them.")
    found = [Node(TOTAL, (), tuple(range(len(ids))))]
    for size in range(1, depth):
        for columns in combinations(range(depth), size):
            members: dict[str, list[int]] = {}
            for place, part in enumerate(parts):
                members.setdefault(SEPARATOR.join(part[column] for column in columns), []).append(place)
            found += [Node(name, columns, tuple(places)) for name, places in members.items()]
    found += [Node(name, tuple(range(depth)), (place,)) for place, name in enumerate(ids)]
    if len({node.name for node in found}) != len(found):
        raise ValueError("two of its nodes have the same name.")
    return tuple(found)
