"""The peers' forecasts, made in their own environment: requests as JSON lines in, answers as JSON lines out.

A request: {"key", "peer", "frequency", "season", "horizon", "start", "values", "origins"}; its answer, in the
order in which they get ready: {"key", "forecasts": [{"origin", "mean", "lower", "upper", "seconds"}, ...]} or
{"key", "error"}. Every peer has its defaults and is told the season. The seconds are of the processor, of one
fit and forecast; imports are not in them.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from prophet import Prophet
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta

if TYPE_CHECKING:
    from collections.abc import Callable

LEVELS = (80, 95)
PROCESSES = 2
SEED = 0
STATSFORECAST = {"AutoARIMA": AutoARIMA, "AutoETS": AutoETS, "AutoTheta": AutoTheta}

# It tells of every fit.
logging.getLogger("cmdstanpy").disabled = True

Answer = dict[str, Any]


def answer(request: Answer) -> Answer:
    """The forecasts of one series by one peer, from each origin."""
    values = np.asarray(request["values"], dtype=np.float64)
    try:
        return {
            "key": request["key"],
            "forecasts": [_forecast(request, values[:origin]) for origin in request["origins"]],
        }
    except Exception:
        return {"key": request["key"], "error": traceback.format_exc()}


def _forecast(request: Answer, history: np.ndarray) -> Answer:
    if request["peer"] == "Prophet":
        found, seconds = _prophet(request, history)
    else:
        found, seconds = _statsforecast(request, history)
    return {"origin": history.size, **found, "seconds": seconds}


def _statsforecast(request: Answer, history: np.ndarray) -> tuple[Answer, float]:
    model = STATSFORECAST[request["peer"]](season_length=request["season"])
    found, seconds = _timed(lambda: model.forecast(y=history, h=request["horizon"], level=list(LEVELS)))
    return {
        "mean": found["mean"].tolist(),
        "lower": {level: found[f"lo-{level}"].tolist() for level in LEVELS},
        "upper": {level: found[f"hi-{level}"].tolist() for level in LEVELS},
    }, seconds


def _prophet(request: Answer, history: np.ndarray) -> tuple[Answer, float]:
    dates = pd.date_range(request["start"], periods=history.size, freq=request["frequency"])
    table = pd.DataFrame({"ds": dates, "y": history})
    np.random.seed(SEED)  # Prophet draws its limits from numpy's global generator.

    def fitted() -> tuple[Any, pd.DataFrame, pd.DataFrame]:
        model = Prophet()
        model.fit(table, seed=SEED)
        future = model.make_future_dataframe(
            request["horizon"], freq=request["frequency"], include_history=False
        )
        return model, future, model.predict(future)

    (model, future, found), seconds = _timed(fitted)
    # Its prediction has the limits of one level, 80 %; those of the other come from draws of the same kind.
    draws = model.predictive_samples(future)["yhat"]
    return {
        "mean": found["yhat"].tolist(),
        "lower": {80: found["yhat_lower"].tolist(), 95: np.percentile(draws, 2.5, axis=1).tolist()},
        "upper": {80: found["yhat_upper"].tolist(), 95: np.percentile(draws, 97.5, axis=1).tolist()},
    }, seconds


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """A result and the processor's seconds that it took, in this process and in those it started."""
    before = os.times()
    found = work()
    return found, sum(os.times()[:4]) - sum(before[:4])


def main() -> None:
    """Answer the requests of the standard input."""
    requests = [json.loads(line) for line in sys.stdin]
    # What the libraries print must not get between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(answer, request) for request in requests]):
            print(json.dumps(done.result()), file=answers, flush=True)


if __name__ == "__main__":
    main()
