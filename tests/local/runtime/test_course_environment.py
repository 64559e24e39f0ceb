"""The course's own environment, which resolves to a numpy that its statsmodels can't import."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backend.local import interpreters
from backend.local.environment_builder import EnvironmentBuilder
from backend.local.supervisor import ServiceStartFailed
from tests.local.runtime.conftest import Specify, definition, supervisor
from tests.local.runtime.http import request

PACKAGES = [
    "azureml-defaults",
    "statsmodels==0.12.2",
    "scipy",
    "scikit-learn",
    "joblib",
    "numpy",
    "pandas==1.1.4",
    "matplotlib",
    "seaborn",
]

SCORE = """
import json, os
from statsmodels.tsa.arima_model import ARIMA
def init():
    global model
    values = [3.0, 5.0, 4.0, 6.0, 5.5, 7.0, 6.5, 8.0, 7.2, 9.1, 8.0, 10.2, 9.4, 11.0, 10.1, 12.3]
    model = ARIMA(values, order=(1, 0, 0)).fit(disp=0)
def run(raw):
    try:
        return json.dumps({"result": list(model.forecast(json.loads(raw)["data"][0])[0])})
    except Exception as error:
        return json.dumps({"error": str(error)})
"""


def _has_python_38() -> bool:
    return interpreters.choose(asyncio.run(interpreters.installed()), "==3.8.5.*")[0] is not None


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_it_fails_with_the_import_error_and_serves_once_numpy_is_held(
    specify: Specify, tmp_path: Path
) -> None:
    if not _has_python_38():
        pytest.skip("no Python 3.8 on this machine")
    builder = EnvironmentBuilder(tmp_path / "workspace" / "environments")

    async def scenario() -> None:
        course = definition("python=3.8.5", {"pip": PACKAGES})
        built = await builder.build(course, lambda _: None)
        assert "Python 3.8.5 is not on this machine; 3.8." in built.log.read_text()
        async with supervisor() as running:
            with pytest.raises(ServiceStartFailed) as caught:
                await running.start(specify(SCORE, python=built.python))
            assert caught.value.code == "script_error"
            assert "AttributeError: module 'numpy' has no attribute 'MachAr'" in caught.value.message
            assert "arima_model" in caught.value.evidence

            held = definition("python=3.8.5", {"pip": [*PACKAGES, "numpy<1.24"]})
            built = await builder.build(held, lambda _: None)
            status = await running.start(specify(SCORE, revision="r2", python=built.python))
            answer = await request(status.port or 0, body=b'{"data": [3]}')
            assert answer.status == 200
            assert b"result" in answer.body
            assert answer.headers["x-ms-server-version"].startswith("azmlinfsrv/")

    asyncio.run(scenario())
