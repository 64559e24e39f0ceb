"""How far readers look ahead at each frequency, in steps: next, the near future, and all that is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.series_calendar import Frequency

# What a reader means by "next": a day of hours, a week of days, a month of weeks, three months, a year of
# quarters, three years. Then the near future: a month of days, a quarter of weeks, a year of months.
HORIZONS: Mapping[Frequency, tuple[int, int, int]] = {
    "h": (24, 48, 168),
    "D": (7, 28, 90),
    "B": (5, 20, 65),
    "W": (4, 13, 52),
    "MS": (3, 12, 24),
    "QS": (4, 8, 12),
    "YS": (3, 5, 10),
}
NEXT_STEPS: Mapping[Frequency, int] = {frequency: steps[0] for frequency, steps in HORIZONS.items()}
FAR_STEPS: Mapping[Frequency, int] = {frequency: steps[1] for frequency, steps in HORIZONS.items()}
# How far a forecast is asked for, whatever part of it a page shows, so that no other choice asks again.
LONGEST: Mapping[Frequency, int] = {frequency: steps[-1] for frequency, steps in HORIZONS.items()}
# The same steps a year ago, on the same weekdays; quarters and years are compared with the step before.
YEAR_STEPS: Mapping[Frequency, int] = {"h": 8_736, "D": 364, "B": 260, "W": 52, "MS": 12, "QS": 4}
