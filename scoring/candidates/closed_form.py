"""Candidates without parameters to estimate: season profiles and the references."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .candidate import require_rows

if TYPE_CHECKING:
    from ..kinds.outlook import Kind, Observed
    from .candidate import Role


@dataclass(frozen=True)
class ClosedForm:
    """A kind that follows from the newest values alone; it needs `least` of them."""

    slug: str
    kind: Kind
    least: int
    role: Role = "candidate"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        require_rows(self.slug, observed.values, self.least)
        return self.kind
