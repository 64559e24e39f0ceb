"""A panel's forecasts part by part: what each will come to, and how far off its plan that is; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from backend.horizons import FAR_STEPS, YEAR_STEPS
from backend.panel import SEPARATOR, TOTAL
from dashboard.headline import UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backend.forecast_types import ForecastPoint, Vintage
    from backend.panel import Level, Panel
    from dashboard.i18n import Reader

Basis = Literal["plan", "year", "before"]
"""What the forecast is held against: the plan, the same steps a year ago, or as many steps just before."""

CHARTS = 18
"""Parts that are drawn, at most: the largest."""
EVEN = 0.005  # a share below it is written as 0 %


@dataclass(frozen=True)
class Part:
    """What a node is expected to come to over the next `steps`, and what that is held against.

    Sums in the panel's unit; `against` is None where there is nothing to hold it against.
    """

    node: str
    steps: int
    expected: float
    against: float | None

    @property
    def difference(self) -> float | None:
        """Expected minus what it is held against."""
        return None if self.against is None else self.expected - self.against

    @property
    def share(self) -> float | None:
        """The difference as a share of what it is held against; None where that is nothing or below zero."""
        return self.expected / self.against - 1 if self.against is not None and self.against > 0 else None


@dataclass(frozen=True)
class Breakdown:
    """The nodes of one level, whoever is furthest off first; `basis` is the same for all of them."""

    basis: Basis
    parts: tuple[Part, ...]

    @property
    def furthest(self) -> Part | None:
        """The part that is furthest off; None when nothing can be held against anything."""
        return self.parts[0] if self.parts and self.parts[0].difference is not None else None


def break_down(
    panel: Panel,
    futures: Mapping[str, Vintage],
    nodes: Sequence[str],
    plan: Mapping[str, pd.DataFrame] | None = None,
) -> Breakdown:
    """Some nodes' forecasts of the next steps, and what they are held against.

    That is the plan (ds, y by node) where it has all of these steps for any node, else a year ago where the
    panel is so old, else as many steps just before.
    """
    steps = FAR_STEPS[panel.frequency]
    ahead = {node: _next(panel, futures[node], steps) for node in nodes if node in futures}
    planned = {node: _planned(plan, node, points) for node, points in ahead.items()}
    basis = _basis(panel, planned)
    found = []
    for node, points in ahead.items():
        against = planned[node] if basis == "plan" else _came(panel, node, len(points), basis)
        found.append(Part(node, len(points), sum(point.mean for point in points), against))
    return Breakdown(basis, tuple(sorted(found, key=_distance, reverse=True)))


def plan_by_node(panel: Panel, parts: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """A plan's frames (ds, y) by node, from those of its parts as it names them; empty means the total.

    The pieces of a name may come in another order than the panel's. A node without a plan of its own has the
    sum of its parts' plans, over the days that all of them have.
    """
    known = {frozenset(node.split(SEPARATOR)): node for node in panel.nodes}
    found = {}
    for part, frame in parts.items():
        node = part if part in panel.nodes else known.get(frozenset((part or TOTAL).split(SEPARATOR)))
        if node is not None:
            found[node] = frame[["ds", "y"]]
    for node in panel.nodes:
        own = [found[part] for part in panel.parts_of(node) if part in found]
        if node not in found and len(own) == len(panel.parts_of(node)):
            sums = pd.concat(own).groupby("ds")["y"].agg(["sum", "size"])
            whole = sums.loc[sums["size"] == len(own), "sum"]
            found[node] = pd.DataFrame({"ds": whole.index, "y": whole.to_numpy()})
    return found


def largest(parts: Sequence[Part], count: int = CHARTS) -> list[Part]:
    """The largest parts, in the order that they have."""
    kept = {part.node for part in sorted(parts, key=lambda part: -abs(part.expected))[:count]}
    return [part for part in parts if part.node in kept]


def node_label(reader: Reader, node: str) -> str:
    """A node's name as the reader knows it: the total, or its pieces."""
    return reader.t("breakdown.total") if node == TOTAL else node.replace(SEPARATOR, " · ")


def level_label(reader: Reader, level: Level) -> str:
    """What the nodes of a level are told by: Country, or Country × Category."""
    return reader.t("breakdown.total") if not level.columns else " × ".join(level.columns)


def unit_of_panel(panel: Panel) -> str | None:
    """USD, or None for plain numbers."""
    return UNITS.get(panel.name)


def takeaway(reader: Reader, part: Part, basis: Basis, unit: str | None) -> str:
    """What is expected of a part, in one short line."""
    amount = reader.amount(part.expected, unit)
    if part.share is None:
        return reader.t("breakdown.expected", amount=amount)
    return reader.t(f"breakdown.against.{basis}", amount=amount, share=_share(reader, part.share))


def summary(reader: Reader, panel: Panel, found: Breakdown) -> str:
    """The section's sentence: who is furthest off, and by how much."""
    furthest = found.furthest
    if furthest is None or furthest.difference is None:
        return reader.t("breakdown.alone", period=_period(reader, panel, _steps(found)))
    gap = abs(furthest.difference)
    side = "above" if furthest.difference >= 0 else "below"
    share = "" if furthest.share is None else _share(reader, furthest.share)
    return reader.t(
        f"breakdown.furthest.{found.basis}.{side}{'' if share else '_new'}",
        period=_period(reader, panel, furthest.steps),
        node=node_label(reader, furthest.node),
        gap=reader.amount(gap, unit_of_panel(panel)),
        share=share,
    )


def alternative(reader: Reader, panel: Panel, found: Breakdown, shown: Sequence[Part]) -> str:
    """The takeaway of the small charts, for those who can't see them."""
    told = [
        f"{node_label(reader, part.node)} {takeaway(reader, part, found.basis, unit_of_panel(panel))}"
        for part in shown
    ]
    return reader.t("breakdown.alt", summary=summary(reader, panel, found), parts=reader.join(told))


def _steps(found: Breakdown) -> int:
    return max((part.steps for part in found.parts), default=0)


def _period(reader: Reader, panel: Panel, steps: int) -> str:
    return reader.t(f"breakdown.period.{panel.frequency}", steps=steps)


def _share(reader: Reader, share: float) -> str:
    return reader.percent(0) if abs(share) < EVEN else reader.signed_percent(share, 0)


def _next(panel: Panel, vintage: Vintage, steps: int) -> list[ForecastPoint]:
    """The first steps of a forecast after the last actual."""
    last = panel.origin
    return [point for point in vintage.points if point.ds > last][:steps]


def _planned(
    plan: Mapping[str, pd.DataFrame] | None, node: str, points: Sequence[ForecastPoint]
) -> float | None:
    """The plan's sum over some steps; None unless it has all of them."""
    frame = plan.get(node) if plan else None
    if frame is None or not points:
        return None
    days = pd.to_datetime([point.ds for point in points])
    covered = frame[frame["ds"].isin(days)].drop_duplicates("ds", keep="last")
    return float(covered["y"].sum()) if len(covered) == len(days) else None


def _basis(panel: Panel, planned: Mapping[str, float | None]) -> Basis:
    if any(value is not None for value in planned.values()):
        return "plan"
    year = YEAR_STEPS.get(panel.frequency)
    return "year" if year is not None and len(panel.steps) >= year else "before"


def _came(panel: Panel, node: str, count: int, basis: Basis) -> float | None:
    """What came over as many steps a year ago or just before; None where the node hadn't begun by then.

    One that began in the first season of those steps is held against them all the same.
    """
    steps = len(panel.steps)
    first = steps - (YEAR_STEPS[panel.frequency] if basis == "year" else count)
    if not count or first < 0 or panel.begin_of(node) > first + panel.season:
        return None
    return float(panel.values_of(node)[first : first + count].sum())


def _distance(part: Part) -> tuple[bool, float]:
    """Order: those with a difference before the others, the largest first; then by size."""
    difference = part.difference
    return difference is not None, abs(part.expected if difference is None else difference)
