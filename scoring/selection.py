"""Choosing the champion: by backtests that lie wholly in the past, never by hindsight.

At an origin the candidates are compared over the last origins before it, on the steps whose actuals were
known there, by the geometric mean of their absolute error and their CRPS: the one says how near the forecast
was, the other how honest. The champion is the mean of all that come near the best one, since among equals an
average is safer than a winner. Scored origin by origin, this is what the rule itself would have earned
("nested"), which is less than the best candidate in hindsight.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from .errors import TrainingInputInvalid
from .kinds.combination import combined
from .measures import Judged, judge, together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .intervals import Intervals
    from .kinds.combination import How
    from .kinds.outlook import Observed, Outlook

Outlooks: TypeAlias = "Mapping[str, Mapping[int, Outlook]]"


@dataclass(frozen=True)
class Rule:
    """Compare over the last `origins`; combine at most `members` that are `near` the best one's score.

    With fewer than `fewest` origins to compare over, the median of five is taken. The settings are those that
    did well on the bundled series and, with their neighbours, on 47 others (docs/performance.md).
    """

    origins: int = 8
    members: int = 8
    near: float = 0.1
    fewest: int = 2


@dataclass(frozen=True)
class Choice:
    """The champion: its members, how they are combined, and its intervals."""

    members: tuple[str, ...]
    how: How
    intervals: Intervals

    def outlook(self, outlooks: Outlooks, origin: int) -> Outlook:
        """The champion's outlook from an origin."""
        return combined([outlooks[slug][origin] for slug in self.members], self.how)


@dataclass(frozen=True)
class Selection:
    """What is chosen from: the series, every candidate's outlooks, and how intervals are made."""

    observed: Observed
    outlooks: Outlooks
    eligible: tuple[str, ...]
    fallback: tuple[str, ...]
    intervals: tuple[Intervals, ...]
    rule: Rule = field(default_factory=Rule)

    def choose(self, origins: Sequence[int], known: int, at: int | None = None) -> Choice:
        """The champion, by what was known after `known` values; `origins` are all there are before it.

        Only candidates that could be fitted at the origin `at` are chosen, where one is given.
        """
        past = [origin for origin in origins if origin < known][-self.rule.origins :]
        usual = self.intervals[0]
        scores = self.scores(past, known)
        ranked = sorted(scores, key=lambda slug: (scores[slug], slug))
        ranked = [slug for slug in ranked if at is None or at in self.outlooks[slug]]
        if len(past) < self.rule.fewest or not ranked:
            return Choice(self._fallback(at), "median", usual)
        limit = (1 + self.rule.near) * scores[ranked[0]]
        members = tuple(slug for slug in ranked[: self.rule.members] if scores[slug] <= limit)
        choice = Choice(members, "mean", usual)
        return replace(choice, intervals=self._intervals(choice, past, known))

    def _fallback(self, at: int | None) -> tuple[str, ...]:
        def fits(slug: str) -> bool:
            return slug in self.outlooks and (at is None or at in self.outlooks[slug])

        members = tuple(slug for slug in self.fallback if fits(slug))
        others = tuple(slug for slug in self.eligible if fits(slug))
        if not members and not others:
            raise TrainingInputInvalid("candidates", "none of them can be fitted to this series.")
        return members or others[:1]

    def judged(self, outlook: Outlook, intervals: Intervals, origin: int) -> Judged:
        """An outlook held against everything that came after its origin."""
        return judge(outlook, intervals, self.observed, origin, self.observed.values.size)

    def scores(self, past: Sequence[int], known: int) -> dict[str, float]:
        """The scores of the eligible candidates that answered at all of the past origins; lower is better."""
        found: dict[str, float] = {}
        for slug in self.eligible:
            answered = self.outlooks.get(slug, {})
            if past and all(origin in answered for origin in past):
                judged = together([self._usually_judged(slug, origin, known) for origin in past])
                found[slug] = float(np.sqrt(np.mean(np.abs(judged.errors)) * np.mean(judged.crps)))
        return found

    def _usually_judged(self, slug: str, origin: int, known: int) -> Judged:
        """A candidate's outlook with the usual intervals, held against `known` values."""
        whole = self._whole.get((slug, origin))
        if whole is None:
            whole = self.judged(self.outlooks[slug][origin], self.intervals[0], origin)
            self._whole[slug, origin] = whole
        return whole.chosen(whole.leads <= known - origin)

    @cached_property
    def _whole(self) -> dict[tuple[str, int], Judged]:
        """What was held against all values, kept: each later origin looks back on it again."""
        return {}

    def _intervals(self, choice: Choice, past: Sequence[int], known: int) -> Intervals:
        """The usual intervals, unless others were better by a margin."""
        crps = []
        for intervals in self.intervals:
            judged = [
                judge(choice.outlook(self.outlooks, origin), intervals, self.observed, origin, known)
                for origin in past
            ]
            crps.append(float(np.mean(together(judged).crps)))
        best = int(np.argmin(crps))
        return self.intervals[best] if crps[best] < _MARGIN * crps[0] else self.intervals[0]

    def nested(self, origins: Sequence[int], scored: Sequence[int]) -> dict[int, tuple[Choice, Judged]]:
        """What the rule chose at each scored origin, and how that did on everything that came after."""
        found = {}
        for origin in scored:
            choice = self.choose(origins, origin, at=origin)
            outlook = choice.outlook(self.outlooks, origin)
            found[origin] = (
                choice,
                judge(outlook, choice.intervals, self.observed, origin, self.observed.values.size),
            )
        return found


_MARGIN = 0.98
