"""The entry script: the inference server calls init() once when it starts, and run() for every request.

What the training code made (`train.py`) is only read here: no pandas, no statsmodels, no pickle. Started by
hand (`python scoring/score.py MODEL_FOLDER`) it answers one sample request.
"""

from __future__ import annotations

import logging
import os
import sys
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path

if not __package__:
    # The inference server loads this file by its path, with only the folder above it importable. The modules
    # beside it become one package under a name of its own, whatever the folder is called, so that some other
    # `contract` on the path is never taken for ours. A module without a spec may name its package.
    __package__, __spec__ = "yosoku_scoring", None  # type: ignore[assignment]
    _beside = ModuleSpec(__package__, loader=None, is_package=True)
    _beside.submodule_search_locations = [str(Path(__file__).resolve().parent)]
    sys.modules[__package__] = module_from_spec(_beside)

from .answer import ModelIdentity, answer_text, error_text
from .contract import DEFAULT_LEVELS, CourseRequest, ForecastRequest, parse_request
from .errors import ModelFileInvalid, RequestRefused
from .forecaster import Forecaster
from .model_file import read_model

try:
    from azureml_inference_server_http.api.aml_response import AMLResponse
except ModuleNotFoundError:  # started by hand, in an environment without the inference server
    AMLResponse = None

SAMPLE = '{"horizon": 3}'

logger = logging.getLogger("azmlinfsrv.score")


class _Service:
    """What init() leaves for run()."""

    forecaster: Forecaster
    identity: ModelIdentity


def init() -> None:
    """Load the model below `AZUREML_MODEL_DIR` and make its forecast; Healthy once this returns.

    Raises ModelFileInvalid when there is no model file there, more than one, or one that can't be served.
    """
    folder = Path(os.environ.get("AZUREML_MODEL_DIR", ".")).resolve()
    path = _model_file(folder)
    model = read_model(path)
    _Service.forecaster = Forecaster(model)
    _Service.identity = _identity(folder, path, model.name)
    _repeated_answer.cache_clear()
    logger.info(
        "Loaded %s: %s series at frequency %s; the first has %s observations from %s",
        path.name,
        len(model.series),
        model.frequency,
        model.series[0].observations.size,
        model.series[0].start.date(),
    )


def run(raw_data: str) -> object:
    """Answer one request, whose body is `raw_data`; returns the inference server's response object.

    By hand, where there is no inference server, it returns the JSON text.
    """
    text, status = answer(raw_data)
    if AMLResponse is None:
        return text
    return AMLResponse(text, status, {"Content-Type": "application/json"})


def answer(raw_data: str) -> tuple[str, int]:
    """The JSON text and HTTP status for a request; one outside the contract gets a 4xx that says why."""
    try:
        request = parse_request(raw_data)
        if _is_repeated(request):
            return _repeated_answer(request), 200
        return answer_text(_Service.forecaster, _Service.identity, request), 200
    except RequestRefused as refusal:
        return error_text(refusal.code, refusal.message), refusal.status


def _is_repeated(request: CourseRequest | ForecastRequest) -> bool:
    """Whether the answer is worth keeping: it is the same until the next init(), and small."""
    return isinstance(request, CourseRequest) or (
        request.history is None
        and not request.histories
        and not request.all_series
        and len(request.series) <= 1
        and len(request.levels) <= len(DEFAULT_LEVELS)
    )


@lru_cache(maxsize=256)
def _repeated_answer(request: CourseRequest | ForecastRequest) -> str:
    return answer_text(_Service.forecaster, _Service.identity, request)


def _model_file(folder: Path) -> Path:
    """The one model file below the folder; training leaves it in `models/`."""
    found = sorted(folder.rglob("*.npz"))
    if len(found) != 1:
        names = ", ".join(str(path.relative_to(folder)) for path in found) or "none"
        raise ModelFileInvalid(f"Exactly one .npz file is needed below AZUREML_MODEL_DIR; found: {names}.")
    return found[0]


def _identity(folder: Path, path: Path, own_name: str) -> ModelIdentity:
    """Name and version from the layout `<name>/<version>/...`, else the name that the file carries."""
    inside = path.relative_to(folder).parts[:-1]
    for parts in ((folder.parent.name, folder.name), inside[:2]):
        if len(parts) == 2 and parts[1].isascii() and parts[1].isdigit():
            return ModelIdentity(parts[0], int(parts[1]))
    return ModelIdentity(own_name, None)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.environ["AZUREML_MODEL_DIR"] = sys.argv[1]
    init()
    sys.stdout.write(answer(SAMPLE)[0] + "\n")
