"""The sales demonstration, as its one button prepares it."""

from __future__ import annotations

from backend import models, services
from backend.actuals import BUNDLED_SALES
from backend.application import Application
from backend.demonstration import DAILY, SALES, is_prepared, prepare_demonstration
from backend.panel import Panel
from backend.panel_forecasts import is_made_for, refresh_panel, view_of_node
from backend.panel_table import read_file
from tests.conftest import wait_for


def test_one_click_leaves_an_endpoint_that_forecasts_every_country_and_category(
    application: Application,
) -> None:
    workspace = application.workspace()
    assert not is_prepared(application, SALES)
    job = wait_for(application, prepare_demonstration(application, SALES))
    try:
        assert job.state == "succeeded", job.error
        assert is_prepared(application, SALES)
        endpoint = services.get_endpoint(workspace, SALES.name)
        assert is_made_for(endpoint, SALES.actuals)
        assert not is_made_for(endpoint, DAILY.actuals)
        [model] = models.list_models(workspace, SALES.name)
        assert model.has_report
        assert 0.7 < model.metrics["MASE"] < 1.0
        panel = read_file(BUNDLED_SALES, SALES.actuals)
        assert isinstance(panel, Panel)
        view = refresh_panel(application, SALES.name, panel)
        assert view.live, view.problem
        assert set(view.futures) == set(panel.nodes)
        assert len(view_of_node(application, view, "Bikes").past) == 49
    finally:
        services.delete_endpoint(workspace, SALES.name)
        for model in models.list_models(workspace, SALES.name):
            models.delete_model(workspace, SALES.name, model.version)
