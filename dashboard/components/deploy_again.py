"""Back to the deploy form after a failure, with the step open that has to change."""

from __future__ import annotations

import streamlit as st

from backend.deployments import MEMORY_GB
from dashboard.components.deploy_steps import STEPS

DEPLOY_PAGE = "dashboard/pages/deploy.py"


def prepare_form(name: str, step: str, *, replace: bool, **values: object) -> None:
    """Let the form show an endpoint's name and one open step; it still holds what else was chosen there."""
    state = {"deploy_name": name, "deploy_replace": replace, **values}
    state |= {f"deploy_step_{known}": known == step for known in STEPS}
    for key, value in state.items():
        st.session_state[key] = value


def larger(memory_gb: float) -> float:
    """Twice the memory, within what a container may have; GB."""
    return min(round(memory_gb * 2, 1), MEMORY_GB.high)
