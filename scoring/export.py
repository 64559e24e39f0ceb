"""From a fitted statsmodels state-space model (ARIMA, SARIMAX, structural) to our kind: its matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import TrainingInputInvalid
from .kinds.state_space import MAX_STATES, StateSpace

if TYPE_CHECKING:
    from .kinds.outlook import Vector


def state_space_of(results: Any) -> StateSpace:
    """The state-space kind of a statsmodels result, with its parameters as they are.

    Raises TrainingInputInvalid for what the kind can't hold: matrices that change with time (regressors, a
    time trend), a concentrated scale, differences taken before the filter, a state too large.
    """
    model, filtered = results.model, results.filter_results
    if getattr(model, "simple_differencing", False):
        raise TrainingInputInvalid(
            "model", "fit it with simple_differencing=False: differences can't be undone."
        )
    if model.ssm.filter_concentrated:
        raise TrainingInputInvalid("model", "fit it with concentrate_scale=False.")
    if filtered.k_states > MAX_STATES:
        raise TrainingInputInvalid(
            "order", f"the model has {filtered.k_states} states; at most {MAX_STATES} are served."
        )
    selection = _constant(filtered.selection, "selection")
    return StateSpace(
        transition=_constant(filtered.transition, "transition"),
        state_intercept=_constant(filtered.state_intercept, "state_intercept"),
        state_covariance=selection @ _constant(filtered.state_cov, "state_cov") @ selection.T,
        design=_constant(filtered.design, "design")[0],
        observation_intercept=float(_constant(filtered.obs_intercept, "obs_intercept")[0]),
        observation_variance=float(_constant(filtered.obs_cov, "obs_cov")[0, 0]),
        initial_state=np.array(filtered.initial_state),
        initial_covariance=np.array(filtered.initial_state_cov),
    )


def _constant(matrix: Vector, name: str) -> Vector:
    """The matrix without its time axis (the last one), when it is the same at every time."""
    first = matrix[..., 0]
    if (matrix != first[..., np.newaxis]).any():
        raise TrainingInputInvalid("model", f"its {name} changes with time, which the model file can't hold.")
    return np.array(first)
