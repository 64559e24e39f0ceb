"""From a fitted statsmodels ARIMA or SARIMAX to our model file's form: the matrices it was filtered with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import TrainingInputInvalid
from .model_file import MAX_OBSERVATIONS, MAX_STATES, StateSpaceModel, Vector

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def state_space_of(
    results: Any,
    *,
    name: str,
    frequency: str,
    start: datetime,
    facts: Mapping[str, object] | None = None,
) -> StateSpaceModel:
    """The state-space model of a statsmodels result (ARIMA, SARIMAX), with its parameters as they are.

    `start` is the date of the first observation. Raises TrainingInputInvalid for what the file can't hold:
    matrices that change with time (regressors, a time trend), a concentrated scale, differences taken before
    the filter, missing observations, a state or a series too large.
    """
    model, filtered = results.model, results.filter_results
    if getattr(model, "simple_differencing", False):
        raise TrainingInputInvalid(
            "model", "fit it with simple_differencing=False: differences can't be undone."
        )
    if model.ssm.filter_concentrated:
        raise TrainingInputInvalid("model", "fit it with concentrate_scale=False.")
    observations = np.asarray(model.endog, dtype=np.float64).reshape(-1)
    if not np.isfinite(observations).all():
        raise TrainingInputInvalid("observations", "missing or infinite values can't be served.")
    if filtered.k_states > MAX_STATES or observations.size > MAX_OBSERVATIONS:
        raise TrainingInputInvalid(
            "order",
            f"the model has {filtered.k_states} states and {observations.size} observations; "
            f"at most {MAX_STATES} and {MAX_OBSERVATIONS} are served.",
        )
    selection = _constant(filtered.selection, "selection")
    return StateSpaceModel(
        name=name,
        frequency=frequency,
        start=start,
        transition=_constant(filtered.transition, "transition"),
        state_intercept=_constant(filtered.state_intercept, "state_intercept"),
        state_covariance=selection @ _constant(filtered.state_cov, "state_cov") @ selection.T,
        design=_constant(filtered.design, "design")[0],
        observation_intercept=float(_constant(filtered.obs_intercept, "obs_intercept")[0]),
        observation_variance=float(_constant(filtered.obs_cov, "obs_cov")[0, 0]),
        initial_state=np.array(filtered.initial_state),
        initial_covariance=np.array(filtered.initial_state_cov),
        observations=observations,
        facts=dict(facts or {}),
    )


def _constant(matrix: Vector, name: str) -> Vector:
    """The matrix without its time axis (the last one), when it is the same at every time."""
    first = matrix[..., 0]
    if (matrix != first[..., np.newaxis]).any():
        raise TrainingInputInvalid("model", f"its {name} changes with time, which the model file can't hold.")
    return np.array(first)
