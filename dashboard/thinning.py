"""Long lines thinned to what a screen can show, their peaks kept; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 2_000  # of one line; a chart is about half as many pixels wide


def thin(frame: pd.DataFrame, value: str) -> pd.DataFrame:
    """The rows of a frame with `ds` that a line of its values needs, at most 2,000, the ends among them.

    MinMaxLTTB (Van Der Donckt et al. 2023), as tsdownsample has it: the extremes of each stretch are kept.
    """
    if len(frame) <= MOST_POINTS:
        return frame
    from tsdownsample import MinMaxLTTBDownsampler

    moments = frame["ds"].to_numpy().astype("datetime64[s]").astype(np.int64)
    values = frame[value].to_numpy(dtype=float)
    downsampler: Any = MinMaxLTTBDownsampler  # it is not typed
    rows = downsampler().downsample(moments, values, n_out=MOST_POINTS)
    return frame.iloc[np.asarray(rows)]
