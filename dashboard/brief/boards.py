"""What a brief tells: the forecasts that the page shows first, as a board in each language; no browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend import forecasts, services
from backend.actuals import list_actuals
from backend.errors import NotFound
from backend.panel import Panel
from backend.panel_forecasts import is_made_for, refresh_panel, view_of_node
from backend.panel_table import read_any
from backend.plans import plan_with_parts, planned_part
from dashboard.board_content import make_board

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backend.actuals import Actuals
    from backend.application import Application
    from backend.forecasts import ForecastView
    from dashboard.board import Board
    from dashboard.i18n import Reader


def make_boards(
    application: Application,
    readers: Sequence[Reader],
    *,
    endpoint: str = "",
    actuals: str = "",
    part: str = "",
) -> list[Board]:
    """A board for each reader of forecasts that are asked once, as the page shows them at first.

    Where nothing is named: the actuals that are shown first, their total if they have parts, and the endpoint
    that is shown first. Raises NotFound, InvalidActuals, and the endpoint's error when it does not answer: an
    older forecast must not go out as today's.
    """
    table = _read(application, actuals)
    node = _node(table, part)
    series = table.actuals(node) if isinstance(table, Panel) else table
    name = endpoint or _first_endpoint(application, table, series)
    view = _view(application, name, table, node)
    if view.problem is not None:
        raise view.problem
    if view.future is None:
        raise NotFound(f"{name} has given no forecast of {series.name}.", code="brief.no_forecast", name=name)
    plan = plan_with_parts(application.history, table.name)
    planned = plan.parts.get(planned_part(node)) if plan else None
    return [make_board(application, reader, view, name, planned) for reader in readers]


def _read(application: Application, name: str) -> Actuals | Panel:
    sources = list_actuals(application.settings)
    source = next((source for source in sources if source.name == name or not name), None)
    if source is None:
        raise NotFound(f"There are no actuals called {name}.", code="brief.no_actuals", name=name)
    return read_any(source.table(), source.name)


def _node(table: Actuals | Panel, part: str) -> str:
    """The part that was asked for, else the first, the total where they add up; empty for a series alone."""
    nodes = table.nodes if isinstance(table, Panel) else ("",)
    node = part or nodes[0]
    if node not in nodes:
        raise NotFound(f"{table.name} has no part {part}.", code="brief.no_part", name=table.name, part=part)
    return node


def _view(application: Application, endpoint: str, table: Actuals | Panel, node: str) -> ForecastView:
    if isinstance(table, Panel):
        return view_of_node(application, refresh_panel(application, endpoint, table), node)
    return forecasts.refresh(application, endpoint, table)


def _first_endpoint(application: Application, table: Actuals | Panel, series: Actuals) -> str:
    """The endpoint that the page shows first; raises NotFound where there is none."""
    found = services.list_endpoints(application.workspace())
    if isinstance(table, Panel):
        before = application.history.endpoints_with_vintages(series.name)
        found = [one for one in found if is_made_for(one, table.name) or one.name in before]
    chosen = forecasts.default_endpoint(found, application.history, series.name)
    if chosen is None:
        raise NotFound("There is no endpoint yet.", code="brief.no_endpoint")
    return chosen.name
