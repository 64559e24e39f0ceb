"""The four steps of a deployment; each folds to a sentence and is there to be opened again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from backend import deployments, models
from dashboard.components.costs import show_price
from dashboard.components.feedback import plain
from dashboard.components.registry_view import metric_text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from streamlit.delta_generator import DeltaGenerator

    from backend.models import RegisteredModel
    from backend.services import Endpoint
    from dashboard.i18n import Reader

STEPS = ("model", "script", "size", "access")
USUAL_SIZE = 1.0  # cores, and GB


def step(reader: Reader, name: str, sentence: str) -> DeltaGenerator:
    """A numbered step that folds to its sentence; the first is open at the beginning."""
    number = STEPS.index(name) + 1
    title = reader.t(f"deploy.step.{name}")
    key = f"deploy_step_{name}"
    return st.expander(
        f"**{number} · {title}** — {plain(sentence)}",
        # A new sentence makes a new expander in the browser, which must be told that it was open.
        expanded=st.session_state.get(key, number == 1),
        key=key,
        on_change="rerun",
    )


def proceed(reader: Reader, name: str) -> None:
    """The button that folds a step and opens the next one."""
    following = STEPS[STEPS.index(name) + 1]
    st.button(
        reader.t("deploy.next", step=reader.t(f"deploy.step.{following}")),
        key=f"deploy_next_{name}",
        icon=":material/arrow_downward:",
        on_click=_open_next,
        args=(name, following),
    )


def _open_next(name: str, following: str) -> None:
    st.session_state[f"deploy_step_{name}"] = False
    st.session_state[f"deploy_step_{following}"] = True


def choose_model(reader: Reader, found: Sequence[RegisteredModel], metric: str = "RMSE") -> RegisteredModel:
    """Step 1: the model version, the best one at first."""
    by_id = {model.id: model for model in [*models.rank(found, metric), *found]}
    best = models.best(found, metric)
    if st.session_state.get("deploy_model") not in by_id:
        st.session_state["deploy_model"] = next(iter(by_id))
    chosen = by_id[st.session_state["deploy_model"]]
    with step(reader, "model", model_sentence(reader, chosen)):
        st.markdown(reader.t("deploy.model_explain"))
        st.selectbox(
            reader.t("deploy.model"),
            list(by_id),
            format_func=lambda model_id: (
                model_sentence(reader, by_id[model_id])
                + (f" · {reader.t('models.best')}" if best and best.id == model_id else "")
            ),
            key="deploy_model",
            persist_state="session",
        )
        proceed(reader, "model")
    return chosen


def model_sentence(reader: Reader, model: RegisteredModel) -> str:
    """Name, version and its figures."""
    figures = [
        f"{name} {metric_text(reader, name, value)}"
        for name, value in model.metrics.items()
        if name in models.METRICS
    ]
    named = reader.t("deploy.model_version", name=model.name, version=model.version)
    return " · ".join([named, *figures])


def choose_size(reader: Reader) -> tuple[float, float]:
    """Step 3: CPU cores and memory."""
    cores = float(st.session_state.get("deploy_cpu", USUAL_SIZE))
    memory = float(st.session_state.get("deploy_memory", USUAL_SIZE))
    with step(reader, "size", size_sentence(reader, cores, memory)):
        left, right = st.columns(2, gap="medium")
        with left:
            cores = _amount(reader, "cpu", deployments.CPU_CORES)
        with right:
            memory = _amount(reader, "memory", deployments.MEMORY_GB)
        st.caption(reader.t("deploy.size_explain"))
        show_price(reader, cores, memory)
        proceed(reader, "size")
    return cores, memory


def _amount(reader: Reader, name: str, bound: deployments.Bound) -> float:
    # In the state and not as the widget's default: a rehearsal may have proposed another.
    st.session_state.setdefault(f"deploy_{name}", USUAL_SIZE)
    value = st.number_input(
        reader.t(f"deploy.{name}"),
        min_value=bound.low,
        max_value=bound.high,
        step=0.1,
        format="%.1f",
        key=f"deploy_{name}",
        persist_state="session",
    )
    st.caption(reader.t(f"deploy.{name}_limit", low=f"{bound.low:g}", high=f"{bound.high:g}"))
    return round(float(value or 0.0), 3)


def size_sentence(reader: Reader, cores: float, memory: float) -> str:
    """1 core, 1 GB of memory."""
    return reader.t("deploy.size_sentence", cores=f"{cores:g}", memory=f"{memory:g}")


def choose_access(
    reader: Reader, model: RegisteredModel, endpoints: Sequence[Endpoint]
) -> tuple[str, bool, bool]:
    """Step 4: the endpoint's name, whether a key is asked for, whether an existing one is replaced."""
    taken = {endpoint.name for endpoint in endpoints}
    # In the state and not as the widgets' defaults: another page may have chosen an endpoint to replace.
    name = st.session_state.setdefault("deploy_name", proposed_name(model.name, taken))
    authentication = bool(st.session_state.setdefault("deploy_authentication", True))
    replace = False
    with step(reader, "access", access_sentence(reader, name, authentication)):
        shortest, longest = deployments.SERVICE_NAME_LENGTH
        name = (
            st.text_input(
                reader.t("deploy.name"),
                max_chars=longest,
                key="deploy_name",
                help=reader.t("deploy.name_help", shortest=shortest, longest=longest),
                persist_state="session",
            )
            or ""
        ).strip()
        problem = deployments.check_service_name(name)
        if problem:
            st.caption(f":red[{plain(reader.error(problem))}]")
        if name in taken:
            st.caption(reader.t("deploy.name_taken", name=plain(name)))
            replace = st.toggle(
                reader.t("deploy.replace"), key="deploy_replace", help=reader.t("deploy.replace_help")
            )
        authentication = st.toggle(
            reader.t("deploy.authentication"),
            key="deploy_authentication",
            help=reader.t("deploy.authentication_help"),
            persist_state="session",
        )
        if not authentication:
            st.caption(f":orange[{reader.t('deploy.no_authentication')}]")
    return name, authentication, replace


def access_sentence(reader: Reader, name: str, authentication: bool) -> str:
    """The name, and whether callers need a key."""
    return reader.t(
        "deploy.access_sentence.key" if authentication else "deploy.access_sentence.open", name=name
    )


def proposed_name(model_name: str, taken: Collection[str] = ()) -> str:
    """A model's name as a free endpoint name: small letters, digits and dashes, at most 32 of them."""
    plain_name = re.sub(r"[^a-z0-9]+", "-", model_name.lower()).strip("-")
    if not plain_name[:1].isalpha():
        plain_name = f"m-{plain_name}" if plain_name else "endpoint"
    shortest, longest = deployments.SERVICE_NAME_LENGTH
    base = plain_name[:longest].rstrip("-").ljust(shortest, "x")
    numbered = (f"{base[: longest - 3]}-{number}" for number in range(2, 100))
    return next((name for name in (base, *numbered) if name not in taken), base)
