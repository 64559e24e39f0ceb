"""An endpoint replaced and rolled back behind its stable address, in the real local workspace, under load."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest
import requests
from sqlalchemy import delete

from backend import demonstration as demonstrations
from backend import environments, revisions, services
from backend.addresses import Route
from backend.application import Application
from backend.deployments import DeploymentRequest
from backend.errors import NotFound
from backend.gateway import process as gateway
from backend.gateway.keys import KeyFile
from backend.gateway.process import folder_of
from backend.history.schema import address_revisions
from backend.jobs import Job
from backend.replacement import resume_replacement, start_replacement
from backend.rollback import start_rollback
from backend.scripts import Script, bundled_script
from tests.conftest import wait_for

ADDRESS = "sales-forecast"
BREAKS = b"def init():\n    raise RuntimeError('no such season')\n\ndef run(data):\n    return data\n"


class Load:
    """Requests at the stable address, one after the other, until the block ends."""

    def __init__(self, application: Application) -> None:
        running = gateway.ensure_running(application.settings)
        self._url = f"{running.url}/{ADDRESS}/score"
        self._key = KeyFile(folder_of(application.settings)).keys().primary
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self.statuses: list[int] = []
        self.endpoints: list[str] = []

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _send(self) -> None:
        going_on = True
        while going_on:
            going_on = not self._ending.wait(0.05)  # one more after the end, so that the last state is seen
            answer = requests.post(
                self._url,
                json={"horizon": 1, "levels": [80]},
                headers={"Authorization": f"Bearer {self._key}"},
                timeout=30,
            )
            self.statuses.append(answer.status_code)
            self.endpoints.append(answer.headers.get("x-yosoku-endpoint", answer.text))


@pytest.fixture(scope="module")
def deployed(application: Application, demonstration: Job) -> Iterator[DeploymentRequest]:
    """The demonstration's endpoint behind an address, with a gateway that is stopped afterwards."""
    request = DeploymentRequest(
        service_name=demonstrations.ENDPOINT,
        model_name=demonstrations.MODEL,
        model_version=int(str(demonstration.result["model"]).rsplit(":", 1)[1]),
        script=bundled_script(),
        environment=environments.read(environments.ENVS / environments.OURS),
        cpu_cores=demonstrations.CPU_CORES,
        memory_gb=demonstrations.MEMORY_GB,
    )
    revisions.keep_deployment(application.history, request)
    # An address of its own endpoint, so that the demonstration stays for other tests.
    revisions.create_address(application.history, "kept-demonstration", request.service_name)
    revisions.create_address(application.history, ADDRESS, request.service_name)
    yield request
    gateway.stop(application.settings)
    with application.history.engine.begin() as connection:  # the run's store is shared with other tests
        connection.execute(delete(address_revisions))
    for endpoint in services.list_endpoints(application.workspace()):
        if endpoint.name.startswith(f"{demonstrations.ENDPOINT}-r"):
            services.delete_endpoint(application.workspace(), endpoint.name)


def test_a_loaded_endpoint_is_resized_and_rolled_back_without_a_lost_request(
    application: Application, deployed: DeploymentRequest
) -> None:
    workspace = application.workspace()
    first = deployed.service_name
    before = services.keys(workspace, first)
    with Load(application) as load:
        second = _succeeded(application, start_replacement(application, ADDRESS, memory_gb=1.5, who="a"))
        assert services.get_endpoint(workspace, second).memory_gb == 1.5
        assert services.keys(workspace, second) == before
        assert services.get_endpoint(workspace, first).state == "Healthy"  # another address leads to it
        third = _succeeded(application, start_replacement(application, ADDRESS, cpu_cores=0.5))
        with pytest.raises(NotFound):
            services.get_endpoint(workspace, second)
        job = wait_for(application, start_rollback(application, ADDRESS, 2, who="b"))
        assert job.state == "succeeded", job.error
        (fourth,) = job.result["deployed_anew"]
        assert services.get_endpoint(workspace, fourth).memory_gb == 1.5
        back = wait_for(application, start_rollback(application, ADDRESS, 1))
        assert back.result["deployed_anew"] == []
    assert set(load.statuses) == {200}
    assert list(dict.fromkeys(load.endpoints)) == [first, second, third, fourth]
    assert load.endpoints[-1] == first
    told = [(one.change, one.who) for one in revisions.revisions_of(application.history, ADDRESS)]
    assert told == [("rollback", ""), ("rollback", "b"), ("replace", ""), ("replace", "a"), ("create", "")]
    assert "healthy" in {event.phase for event in job.events}
    assert [event.phase for event in back.events] == ["ask_new", "switch", "drain"]


def test_a_failed_replacement_leaves_the_old_one_serving(
    application: Application, deployed: DeploymentRequest
) -> None:
    breaking = replace(deployed, script=Script("score.py", {"score.py": BREAKS}))
    revisions.keep_deployment(application.history, breaking)
    revisions.record(application.history, ADDRESS, "share", [Route(deployed.service_name)])
    number = revisions.current(application.history, ADDRESS)
    with Load(application) as load:
        job = wait_for(application, start_replacement(application, ADDRESS))
    assert (job.state, job.error and job.error.code) == ("failed", "replacement.failed")
    assert job.error is not None
    assert "no such season" in job.error.evidence
    assert job.error.details["name"] == deployed.service_name
    assert revisions.current(application.history, ADDRESS) == number
    assert set(load.endpoints) == {deployed.service_name}
    with pytest.raises(NotFound):
        services.get_endpoint(application.workspace(), str(job.result["new"]))


def test_a_replacement_goes_on_when_the_application_was_stopped(
    application: Application, deployed: DeploymentRequest
) -> None:
    revisions.keep_deployment(application.history, deployed)
    revisions.record(application.history, ADDRESS, "share", [Route(deployed.service_name)])
    stopped = Application(application.settings)
    job = start_replacement(stopped, ADDRESS)
    deadline = time.monotonic() + 60
    while "operation" not in job.result:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        job = application.jobs.get(job.id) or job
    stopped.close()
    job = application.jobs.get(job.id) or job
    assert job.state == "running"
    application.jobs.resume(job, partial(resume_replacement, application, job))
    new = _succeeded(application, job)
    after = revisions.current(application.history, ADDRESS)
    assert after is not None
    assert [route.endpoint for route in after.routes] == [new]


def test_an_address_that_was_led_elsewhere_meanwhile_stays_there(
    application: Application, deployed: DeploymentRequest
) -> None:
    revisions.keep_deployment(application.history, deployed)
    revisions.record(application.history, ADDRESS, "share", [Route(deployed.service_name)])
    begun = start_replacement(application, ADDRESS)
    elsewhere = revisions.record(application.history, ADDRESS, "share", [Route("another-one")])
    job = wait_for(application, begun)
    assert (job.state, job.error and job.error.code) == ("failed", "replacement.failed")
    assert job.error is not None
    assert "led away" in job.error.message
    assert revisions.current(application.history, ADDRESS) == elsewhere
    names = {endpoint.name for endpoint in services.list_endpoints(application.workspace())}
    assert deployed.service_name in names
    assert job.result["new"] not in names


def _succeeded(application: Application, job: Job) -> str:
    """The endpoint that a replacement made."""
    ended = wait_for(application, job)
    assert ended.state == "succeeded", ended.error
    return str(ended.result["endpoint"])
