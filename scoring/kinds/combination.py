"""The mean or the median of several models' forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

import numpy as np

from .outlook import Outlook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .outlook import Kind, Observed, Setting, Vector

How: TypeAlias = Literal["mean", "median"]


@dataclass(frozen=True)
class Combination:
    """Two or more `models`, each seeing the same series."""

    KIND: ClassVar[str] = "combination"

    models: tuple[Kind, ...]
    how: How

    @property
    def anchored(self) -> bool:
        """See Kind."""
        return any(model.anchored for model in self.models)

    def outlooks(self, observed: Observed, ends: Sequence[int], horizon: int, window: int) -> list[Outlook]:
        """See Kind."""
        members = [model.outlooks(observed, ends, horizon, window) for model in self.models]
        return [combined(outlooks, self.how) for outlooks in zip(*members, strict=True)]

    def settings(self) -> Mapping[str, Setting]:
        """See Kind."""
        return {"how": self.how}

    def arrays(self) -> Mapping[str, Vector]:
        """See Kind."""
        return {}

    def members(self) -> Sequence[Kind]:
        """See Kind."""
        return self.models


def combined(outlooks: Sequence[Outlook], how: How) -> Outlook:
    """One outlook of several from the same origin; an error is known where every member's is."""
    center = np.mean if how == "mean" else np.median
    return Outlook(
        mean=center([outlook.mean for outlook in outlooks], axis=0),
        scale=center([outlook.scale for outlook in outlooks], axis=0),
        fitted=center([outlook.fitted for outlook in outlooks], axis=0),
        errors=center([outlook.errors for outlook in outlooks], axis=0),
    )
