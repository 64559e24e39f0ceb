"""An hourly series made from a real one, since none comes with the libraries.

The sea surface temperatures of El Niño, monthly from 1950 to 2010 (statsmodels ships them), read as days: a
year is a day, each month two of its hours, the month's own value and the mean of it and the next month's. The
61 years become 61 days of 24 hours, with a cycle of a day, its irregularities and a memory from day to day
that are real.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.datasets import elnino

LAST_HOUR = "2014-05-31 23:00"


def hourly_series() -> pd.Series:
    """1,464 hours up to 2014-05-31 23:00, in degrees Celsius."""
    months = elnino.load_pandas().data.drop(columns="YEAR").to_numpy(dtype=float).ravel()
    between = (months + np.append(months[1:], months[-1])) / 2
    values = np.column_stack([months, between]).ravel()
    hours = pd.date_range(end=LAST_HOUR, periods=values.size, freq="h")
    return pd.Series(values.round(3), index=hours, name="load")


def hourly_csv(days: int = 61) -> bytes:
    """The last `days` days as a CSV with the columns hour and load."""
    return hourly_series().iloc[-24 * days :].rename_axis("hour").to_csv().encode()
