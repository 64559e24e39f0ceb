"""Unobserved components: a level that wanders, with a slope where asked for, and a season that moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from statsmodels.tsa.statespace.structural import UnobservedComponents

from ..export import state_space_of
from ..kinds.transformed import Transformed
from .candidate import fitting, in_units, require_rows

if TYPE_CHECKING:
    from ..kinds.outlook import Kind, Observed
    from .candidate import Role


@dataclass(frozen=True)
class Structural:
    """statsmodels' UnobservedComponents with the trend `level` (its name there) and a stochastic season."""

    slug: str
    season: int
    level: str
    role: Role = "candidate"

    def fit(self, observed: Observed) -> Kind:
        """See Candidate."""
        values = observed.values
        require_rows(self.slug, values, 3 * self.season + 8)
        with fitting(self.slug):
            scaled, unit = in_units(values, log=False)
            model = UnobservedComponents(
                scaled,
                level=self.level,
                seasonal=self.season if self.season > 1 else None,
            )
            results = model.fit(disp=False, maxiter=60, cov_type="none")
            return Transformed(state_space_of(results), pattern=np.zeros(1), unit=unit)
