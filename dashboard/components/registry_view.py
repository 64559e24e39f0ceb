"""The registry's table: which model is best, and where it is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from backend import champions, models
from dashboard.components.feedback import plain
from dashboard.components.state import LOOKS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.models import RegisteredModel
    from backend.services import Endpoint
    from dashboard.i18n import Reader


def show_registry(
    reader: Reader, found: Sequence[RegisteredModel], endpoints: Sequence[Endpoint], metric: str
) -> None:
    """All versions, best by the metric first, those without it at the end."""
    ranked = models.rank(found, metric)
    chosen = {model.id for model in champions.champions(found).values()}
    ordered = [*ranked, *(model for model in found if model not in ranked)]
    metrics = [name for name in models.METRICS if any(name in model.metrics for model in found)]
    rows = [
        _row(
            reader,
            model,
            endpoints,
            metrics,
            best=model == next(iter(ranked), None),
            champion=model.id in chosen,
        )
        for model in ordered
    ]
    frame = pd.DataFrame(rows)
    st.table(frame, hide_index=True, border="horizontal", alt=_takeaway(reader, ranked, metric))


def metric_text(reader: Reader, name: str, value: float) -> str:
    """RMSE 461.6, R2 0.104: digits that tell versions apart."""
    return reader.number(value, 4 if abs(value) < 1 else 3 if abs(value) < 10 else 1)


def deployed_as(model: RegisteredModel, endpoints: Sequence[Endpoint]) -> list[Endpoint]:
    """The endpoints that serve this version."""
    return [endpoint for endpoint in endpoints if endpoint.model_id == model.id]


def _row(
    reader: Reader,
    model: RegisteredModel,
    endpoints: Sequence[Endpoint],
    metrics: Sequence[str],
    *,
    best: bool,
    champion: bool,
) -> dict[str, str]:
    users = deployed_as(model, endpoints)
    places = [
        f"{LOOKS[user.state][1]} {plain(user.name)} · {reader.t(f'state.{user.state}')}" for user in users
    ]
    mark = f" :green-badge[:material/trophy: {reader.t('models.best')}]" if best else ""
    if champion:
        mark += f" :blue-badge[:material/verified: {reader.t('models.champion')}]"
    row = {reader.t("models.model"): f"**{plain(model.name)}** {model.version}{mark}"}
    for name in metrics:
        value = model.metrics.get(name)
        direction = "\N{DOWNWARDS ARROW}" if models.METRICS[name] == "lower" else "\N{UPWARDS ARROW}"
        row[f"{name} {direction}"] = (
            reader.t("kpi.unknown") if value is None else metric_text(reader, name, value)
        )
    row[reader.t("models.deployed")] = "  \n".join(places) or reader.t("models.not_deployed")
    row[reader.t("models.registered_at")] = reader.moment(model.created) if model.created else ""
    return row


def _takeaway(reader: Reader, ranked: Sequence[RegisteredModel], metric: str) -> str:
    if not ranked:
        return reader.t("models.title")
    return reader.t("models.best_sentence", model=ranked[0].id, metric=metric)
