"""MSTL with ETS: offered where statsforecast is installed, and its parameters in the form that is served."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scoring.candidates import mstl
from scoring.candidates.catalogue import quick_candidates_of
from scoring.kinds.outlook import Observed, Vector


def fitted_model(components: str) -> dict[str, Any]:
    """What statsforecast leaves of a fit: form, parameters (those that it has not are NaN), first state."""
    trend, damped = components[1] == "A", components[3] == "D"
    par = [0.4, 0.1 if trend else np.nan, np.nan, 0.9 if damped else np.nan]
    state = [50.0, 2.0] if trend else [50.0]
    return {
        "components": components,
        "par": np.array([*par, *state]),
        "states": np.array([state]),
    }


def by_the_book(components: str, values: Vector, horizon: int) -> tuple[Vector, Vector]:
    """One-step forecasts and the forecast of ETS(A or M; N, A or Ad; N), from its equations."""
    trend, damped, relative = components[1] == "A", components[3] == "D", components[0] == "M"
    phi, level, slope = 0.9 if damped else 1.0, 50.0, 2.0 if trend else 0.0
    fitted = []
    for value in values:
        before = level + phi * slope
        fitted.append(before)
        error = (value - before) / before if relative else value - before
        move = before if relative else 1.0
        level = before + 0.4 * error * move
        slope = phi * slope + (0.1 * error * move if trend else 0.0)
    damping = [sum(phi**power for power in range(1, step + 1)) for step in range(1, horizon + 1)]
    return np.array(fitted), level + slope * np.array(damping)


@pytest.mark.parametrize("components", ["ANNN", "AANN", "AAND", "MNNN", "MANN", "MAND"])
def test_every_form_without_a_season_forecasts_by_the_books_equations(components: str) -> None:
    values = 60 + np.random.default_rng(3).normal(0, 5, 40)
    kind = mstl._smoothing(fitted_model(components))
    [outlook] = kind.outlooks(Observed(values, 3), [40], 15, 40)
    fitted, mean = by_the_book(components, values, 15)
    np.testing.assert_allclose(outlook.fitted, fitted, rtol=1e-12)
    np.testing.assert_allclose(outlook.mean, mean, rtol=1e-12)


@pytest.mark.parametrize(("frequency", "ends"), [("D", [""]), ("h", ["-24", "-168"])])
def test_quick_candidates_take_statsforecast_where_it_is(frequency: str, ends: list[str]) -> None:
    """Here it isn't, by test_many_series_extra it is."""
    slugs = [candidate.slug for candidate in quick_candidates_of(frequency)]
    name = "mstl-ets" if mstl.is_installed() else "stl-ets"
    assert [slug for slug in slugs if "stl" in slug] == [name + end for end in ends]
