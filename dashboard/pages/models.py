"""Models: which is best and where it is deployed; train again, register by upload, compare, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend import champions, models
from backend.errors import YosokuError
from backend.evaluation import judge
from backend.training import CHAMPION_BEFORE
from backend.training_report import REGISTERED
from dashboard import reads
from dashboard.components.evaluation import show_report, show_verdict
from dashboard.components.feedback import plain, show_error
from dashboard.components.guard import delete_guarded
from dashboard.components.registration import register_by_upload
from dashboard.components.registry_view import deployed_as, metric_text, show_registry
from dashboard.components.training import NEXT_VERSION, offer_training, show_training
from dashboard.session import reader, workspace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.models import RegisteredModel
    from backend.services import Endpoint

words = reader()


def choose_metric(found: list[RegisteredModel]) -> str:
    """The figure by which versions are compared."""
    having = [name for name in models.METRICS if any(name in model.metrics for model in found)]
    return st.segmented_control(
        words.t("models.metric"),
        having or list(models.METRICS)[:1],
        default=(having or list(models.METRICS))[0],
        required=True,
        format_func=lambda name: words.t(f"models.by.{models.METRICS[name]}", metric=name),
        key="models_metric",
        persist_state="session",
    )


def show_best(found: list[RegisteredModel], endpoints: list[Endpoint], metric: str) -> None:
    """The page's sentence."""
    best = models.best(found, metric)
    if best is None:
        st.title(words.t("models.none_measured", metric=metric), anchor=False)
        return
    users = [user for user in deployed_as(best, endpoints) if user.state != "Failed"]
    key = ("models.headline", "models.headline_deployed", "models.headline_many")[min(len(users), 2)]
    st.title(
        plain(
            words.t(
                key,
                model=best.name,
                version=best.version,
                metric=metric,
                value=metric_text(words, metric, best.metrics[metric]),
                endpoints=words.join([user.name for user in users]),
                count=len(users),
            )
        ),
        anchor=False,
    )


def show_version(found: list[RegisteredModel], endpoints: list[Endpoint]) -> None:
    """Everything about one version, and what can be done with it."""
    by_id = {model.id: model for model in found}
    following = st.session_state.pop(NEXT_VERSION, None)
    if following in by_id:
        st.session_state["models_version"] = following
    if st.session_state.get("models_version") not in by_id:
        st.session_state["models_version"] = found[0].id
    with st.container(border=True):
        chosen = st.selectbox(words.t("models.look_at"), list(by_id), key="models_version")
        model = by_id[chosen]
        if model.description:
            st.markdown(plain(model.description))
        show_actions(model, found, deployed_as(model, endpoints))
        show_evaluation(model)
        with st.expander(words.t("models.details"), icon=":material/sell:", key="models_details"):
            left, right = st.columns(2, gap="medium")
            with left:
                show_pairs(words.t("models.tags"), model.tags)
            with right:
                show_pairs(words.t("models.properties"), model.properties)


def show_actions(model: RegisteredModel, found: list[RegisteredModel], users: list[Endpoint]) -> None:
    """What can be done with a version."""
    with st.container(horizontal=True):
        if st.button(
            words.t("models.deploy"), type="primary", icon=":material/rocket_launch:", key="models_deploy"
        ):
            st.session_state["deploy_model"] = model.id
            st.switch_page("dashboard/pages/deploy.py")
        show_crowning(model, found)
        with st.popover(words.t("models.delete"), icon=":material/delete:", key="models_delete_panel"):
            if users:
                names = words.join([user.name for user in users])
                st.info(plain(words.t("models.in_use", endpoints=names)), icon=":material/link:")
            else:
                delete_guarded(
                    words,
                    model.id,
                    what="models",
                    key="models",
                    delete=lambda: models.delete_model(workspace(), model.name, model.version),
                    after=lambda: st.session_state.update(models_deleted=model.id),
                )


def show_evaluation(model: RegisteredModel) -> None:
    """What was measured when the version was trained, and how it did against the champion of that day."""
    if not model.has_report:
        st.caption(words.t("evaluation.none"))
        return
    try:
        report = reads.version_report(model)
        verdict = judge(report)
    except YosokuError as error:
        show_error(words, error, title=words.t("evaluation.unreadable"))
        return
    if report.standing(REGISTERED) is not None:
        champion = model.properties.get(CHAMPION_BEFORE) or words.t("evaluation.champion_then")
        show_verdict(words, verdict, champion)
    show_report(words, report, key=f"version_{model.name}_{model.version}")


def show_crowning(model: RegisteredModel, found: list[RegisteredModel]) -> None:
    """The button that makes a version the champion; a badge's word where it is the champion already."""
    if champions.champion_of(found, model.name) == model:
        return
    if st.button(
        words.t("models.crown"),
        icon=":material/verified:",
        key="models_crown",
        help=words.t("models.crown_help"),
    ):
        try:
            with reads.changing():
                champions.crown(workspace(), model)
        except YosokuError as error:
            show_error(words, error, title=words.t("models.crown_failed"))
        else:
            st.session_state["models_crowned"] = model.id
            st.rerun()


def show_pairs(title: str, pairs: Mapping[str, str]) -> None:
    """Tags or properties, one row each."""
    st.markdown(f"**{title}**")
    if not pairs:
        st.caption(words.t("models.no_pairs"))
        return
    frame = pd.DataFrame({"name": list(pairs), "value": [short(str(value)) for value in pairs.values()]})
    st.table(frame, hide_index=True, hide_header=True, border="horizontal", alt=title)


def short(value: str) -> str:
    """A value that fits a column: a checksum is told by its beginning."""
    return plain(value if len(value) <= 48 else f"{value[:32]}…")


def tell_news() -> None:
    """What was registered or deleted in the run before."""
    for key in ("registered", "models_deleted", "models_crowned"):
        model = st.session_state.pop(key, None)
        if model:
            st.toast(words.t(f"models.{key}", model=model), icon=":material/check_circle:")


tell_news()
try:
    found = reads.registered_models()
    endpoints = reads.endpoints()
except YosokuError as error:
    st.title(words.t("models.page"), anchor=False)
    show_error(words, error, title=words.t("workspace.unreachable"))
else:
    head = st.container()
    if found:
        metric = choose_metric(found)
        with head:
            show_best(found, endpoints, metric)
        show_registry(words, found, endpoints, metric)
        if len({model.has_report for model in found}) > 1:
            st.caption(words.t("models.different_days"))
        best = models.best(found, metric)
    else:
        with head:
            st.title(words.t("models.empty"), anchor=False)
        best = None
    show_training(found, endpoints)
    with st.expander(words.t("training.title"), icon=":material/model_training:", key="training_panel"):
        offer_training(words, found, best.name if best else None)
    with st.expander(
        words.t("register.title"), icon=":material/upload_file:", expanded=not found, key="register_panel"
    ):
        register_by_upload(words, found)
    if found:
        show_version(found, endpoints)
