"""A panel trained, deployed and asked: what is said of its nodes adds up and is what the file says."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest

from backend import deployments, environments, models, services
from backend.accuracy import LEVELS
from backend.actuals import save_actuals
from backend.application import Application, open_application
from backend.demonstration import ENDPOINT
from backend.deployments import DeploymentRequest
from backend.forecast_types import Vintage
from backend.forecasts import refresh
from backend.horizons import LONGEST
from backend.jobs import Job
from backend.panel import Panel
from backend.panel_forecasts import PanelView, refresh_panel, view_of_node
from backend.panel_table import read_any
from backend.scripts import bundled_script
from backend.training import ACTUALS, TrainingRequest, start_training
from scoring.contract import parse_request
from scoring.forecaster import Forecaster
from scoring.model_file import read_model
from tests.conftest import wait_for
from tests.scoring.panel_examples import CANDIDATES, NODES, write_sales

NAME = "panel-sales"


@pytest.fixture(scope="module")
def own(application: Application, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """The workspace of the run, with actuals and a history of these tests' own."""
    folder = tmp_path_factory.mktemp("panel")
    changed = {"database_url": f"sqlite:///{folder / 'yosoku.db'}", "training_processes": 1}
    opened = open_application(application.settings.model_copy(update=changed))
    yield opened
    workspace = opened.workspace()
    services.delete_endpoint(workspace, NAME)
    for model in models.list_models(workspace, NAME):
        models.delete_model(workspace, NAME, model.version)
    (application.settings.state_dir / "actuals" / f"{NAME}.csv").unlink(missing_ok=True)
    opened.close()


@pytest.fixture(scope="module")
def panel(own: Application, tmp_path_factory: pytest.TempPathFactory) -> Panel:
    """The last 140 days of two countries' sales of two categories, brought as a file."""
    content = write_sales(tmp_path_factory.mktemp("sales")).read_bytes()
    found = read_any(save_actuals(own.settings, f"{NAME}.csv", content).table(), NAME)
    assert isinstance(found, Panel)
    return found


@pytest.fixture(scope="module")
def trained(own: Application, panel: Panel) -> Job:
    """The training that the Models page begins."""
    job = wait_for(own, start_training(own, TrainingRequest(NAME, panel.name, 14, CANDIDATES)))
    assert job.state == "succeeded", job.error
    return job


@pytest.fixture(scope="module")
def deployed(own: Application, trained: Job) -> str:
    """The endpoint of what was trained."""
    request = DeploymentRequest(
        service_name=NAME,
        model_name=NAME,
        model_version=int(trained.result["model"].split(":")[1]),
        script=bundled_script(),
        environment=environments.read(environments.ENVS / "scoring.yml"),
        cpu_cores=0.5,
        memory_gb=0.5,
    )
    job = wait_for(own, deployments.start_deployment(own, request))
    assert job.state == "succeeded", job.error
    return NAME


@pytest.fixture(scope="module")
def view(own: Application, deployed: str, panel: Panel) -> PanelView:
    found = refresh_panel(own, deployed, panel)
    assert found.live, found.problem
    return found


@pytest.fixture(scope="module")
def forecaster(own: Application, trained: Job, tmp_path_factory: pytest.TempPathFactory) -> Forecaster:
    """The registered model's own file."""
    model = models.get_model(own.workspace(), NAME, int(trained.result["model"].split(":")[1]))
    folder = tmp_path_factory.mktemp("registered")
    models.download(own.workspace(), model, folder)
    [path] = folder.rglob("*.npz")
    return Forecaster(read_model(path))


def means(vintage: Vintage) -> np.ndarray:
    return np.array([point.mean for point in vintage.points])


def test_a_panel_is_trained_registered_and_known_by_its_actuals(
    own: Application, trained: Job, panel: Panel
) -> None:
    model = models.get_model(own.workspace(), NAME, int(trained.result["model"].split(":")[1]))
    assert model.properties[ACTUALS] == panel.name
    assert (model.properties["series"], trained.result["series"]) == ("9", 9)
    assert model.has_report
    assert trained.result["rows"] == panel.rows
    assert trained.result["verdict"]["outcome"] == "first"


def test_the_endpoint_carries_what_it_was_trained_on(own: Application, deployed: str, panel: Panel) -> None:
    endpoint = services.get_endpoint(own.workspace(), deployed)
    assert (endpoint.properties["actuals"], endpoint.properties["series"]) == (panel.name, "9")


def test_every_node_has_a_forecast_and_they_add_up(view: PanelView, panel: Panel) -> None:
    assert panel.nodes == NODES
    assert set(view.futures) == set(NODES)
    for vintage in view.futures.values():
        assert (vintage.origin, len(vintage.points)) == (panel.origin, LONGEST["D"])
        assert set(vintage.points[0].lower) == set(LEVELS)
    said = {node: means(vintage) for node, vintage in view.futures.items()}
    np.testing.assert_allclose(said["total"], said["Australia"] + said["Canada"], rtol=1e-9)
    np.testing.assert_allclose(said["total"], said["Accessories"] + said["Bikes"], rtol=1e-9)
    for country in ("Australia", "Canada"):
        parts = said[f"{country}/Accessories"] + said[f"{country}/Bikes"]
        np.testing.assert_allclose(said[country], parts, rtol=1e-9)


def test_what_is_shown_is_what_the_file_says(
    view: PanelView, panel: Panel, forecaster: Forecaster, own: Application
) -> None:
    plain = {one.series: one for one in forecaster.forecast(LONGEST["D"], list(NODES))}
    for node, vintage in view.futures.items():
        np.testing.assert_allclose(means(vintage), plain[node].mean, rtol=1e-9, err_msg=node)
        lower, upper = plain[node].limits(LEVELS)
        for place, level in enumerate(LEVELS):
            said = [(point.lower[level], point.upper[level]) for point in vintage.points]
            expected = np.column_stack([lower[:, place], upper[:, place]])
            np.testing.assert_allclose(said, expected, rtol=1e-9, err_msg=node)
    one = view_of_node(own, view, "Canada/Bikes").past[3]
    request = parse_request(
        json.dumps({"horizon": 90, "history": panel.history(panel.parts, 0), "origins": [f"{one.origin:%F}"]})
    )
    asked = forecaster.forecast_after(dict(request.histories), 90, request.origins)  # type: ignore[union-attr]
    np.testing.assert_allclose(means(one), asked["Canada/Bikes"][0].mean, rtol=1e-9)


def test_a_node_is_shown_as_a_single_series_is(own: Application, view: PanelView, panel: Panel) -> None:
    shown = view_of_node(own, view, "Australia")
    assert shown.live
    assert shown.problem is None
    assert shown.future == view.futures["Australia"]
    assert shown.actuals.name == f"{NAME}/Australia"
    origins = [vintage.origin for vintage in shown.past]
    assert origins == sorted(origins)
    assert {origin.weekday() for origin in origins} == {6}
    assert origins[-1] == panel.origin - timedelta(days=7)
    assert len(origins) == 18  # the Sundays of 140 days but for the first two weeks and the last day


def test_what_was_issued_is_not_asked_again(own: Application, view: PanelView, panel: Panel) -> None:
    again = refresh_panel(own, view.endpoint, panel)
    assert again.futures == view.futures  # with the moments at which they were issued
    whole = view_of_node(own, again, "total")
    assert [said.issued_at for said in whole.past] == [
        said.issued_at for said in view_of_node(own, view, "total").past
    ]


def test_when_a_part_was_corrected_everything_from_that_day_on_is_asked_anew(
    own: Application, view: PanelView, panel: Panel
) -> None:
    values = panel.values.copy()
    values[0, -10] += 1000.0
    values[1, -10] -= 1000.0
    corrected = dataclasses.replace(panel, values=values)
    before = view_of_node(own, view, "Canada")
    found = refresh_panel(own, view.endpoint, corrected)
    assert found.live, found.problem
    after = view_of_node(own, found, "Canada")
    changed = panel.steps[-10].to_pydatetime()
    kept = {said.origin: said.issued_at for said in before.past}
    for said in after.past:
        assert (said.issued_at == kept[said.origin]) == (said.origin < changed), said.origin
    assert found.futures["Canada"].issued_at > view.futures["Canada"].issued_at


def test_a_model_of_one_series_says_that_it_knows_no_parts(
    own: Application, demonstration: Job, panel: Panel
) -> None:
    found = refresh_panel(own, ENDPOINT, panel)
    assert not found.live
    assert found.futures == {}
    assert found.problem is not None
    assert found.problem.code == "endpoint.rejected"
    shown = view_of_node(own, found, "total")
    assert (shown.future, shown.past, shown.problem) == (None, (), found.problem)


def test_a_node_cannot_be_taken_for_a_series_of_its_own(own: Application, view: PanelView) -> None:
    alone = refresh(own, view.endpoint, view.panel.actuals("Canada"))
    assert alone.problem is not None
    assert alone.problem.details["refusal"] == "history_without_series"


def test_an_endpoint_that_is_gone_shows_what_it_said_last(
    own: Application, view: PanelView, panel: Panel
) -> None:
    services.delete_endpoint(own.workspace(), view.endpoint)  # the last test of this file
    found = refresh_panel(own, view.endpoint, panel)
    assert not found.live
    assert found.problem is not None
    assert found.futures.keys() == view.futures.keys()
    shown = view_of_node(own, found, "Bikes")
    assert shown.future is not None
    # Of the last origin, what was issued last saw the correction of the test above.
    assert [said.origin for said in shown.past] == [
        said.origin for said in view_of_node(own, view, "Bikes").past if said.origin < panel.steps[-10]
    ]
    assert len(shown.past) == 17
    never = refresh_panel(own, "never-there", panel)
    assert (never.live, never.futures) == (False, {})
