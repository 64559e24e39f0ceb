"""Logs of failed starts, as azmlinfsrv 0.7 and 1.5 write them."""

from __future__ import annotations

import pytest

from backend.local.process_record import WorkerDeaths
from backend.local.start_failure import describe_exit, diagnose, sentence

NO_DEATHS = WorkerDeaths(0, "", "")

IMPORT_ERROR = """\
2026-11-22 10:00:00,000 E [7] azmlinfsrv - Traceback (most recent call last):
  File "/env/server/user_script.py", line 77, in load_script
    main_module_spec.loader.exec_module(user_module)
  File "/services/demand/r1/azureml-app/score.py", line 2, in <module>
    from statsmodels.tsa.arima_model import ARIMA
  File "/env/statsmodels/compat/numpy.py", line 46, in <module>
    "NP_LT_114", np.MachAr
AttributeError: module 'numpy' has no attribute 'MachAr'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/env/server/aml_blueprint.py", line 91, in setup
    self.user_script.load_script(config.app_root)
azureml_inference_server_http.server.user_script.UserScriptImportException: \
Failed to import user script because it raised an unhandled exception

2026-11-22 10:00:00,100 E [6] gunicorn.error - Worker (pid:7) exited with code 3.
"""


def test_an_import_error_names_the_innermost_exception() -> None:
    failure = diagnose(3, NO_DEATHS, IMPORT_ERROR)
    assert failure.code == "script_error"
    assert failure.message == (
        "Importing the scoring script raised AttributeError: module 'numpy' has no attribute 'MachAr'"
    )
    assert "arima_model" in failure.evidence
    assert "aml_blueprint" not in failure.evidence


def test_a_start_that_never_reached_the_script_names_its_exception() -> None:
    log = "Traceback (most recent call last):\n  ...\nModuleNotFoundError: No module named 'x'\n"
    failure = diagnose(1, NO_DEATHS, log)
    assert failure.code == "exited"
    assert failure.message == (
        "The scoring process ended with code 1 before it answered: ModuleNotFoundError: No module named 'x'."
    )


def test_the_launcher_s_record_comes_first() -> None:
    deaths = WorkerDeaths(3, "crash_loop", "the scoring process ended 3 times within a minute")
    assert diagnose(71, deaths, IMPORT_ERROR).message == "The scoring process ended 3 times within a minute."


@pytest.mark.parametrize(
    ("code", "words"),
    [(None, "ended"), (3, "ended with code 3"), (-9, "was ended by SIGKILL"), (-15, "was ended by SIGTERM")],
)
def test_exit_codes(code: int | None, words: str) -> None:
    assert describe_exit(code) == words


def test_reasons_become_sentences() -> None:
    assert sentence("it ended") == "It ended."
    assert sentence("init() did not finish.") == "init() did not finish."
