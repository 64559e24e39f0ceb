"""What the peers forecast: asked once in their own environment, then kept by the content of the request."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from backend.accuracy import LEVELS
from backend.local.processes import end_session
from backend.settings import PROJECT_ROOT
from backend.training_process import ONE_THREAD
from benchmarks import kept_answers
from benchmarks.peer_environment import peer_python, requirements_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from benchmarks.series_collections import BenchmarkSeries, Values

Peer = Literal["AutoETS", "AutoTheta", "Prophet", "AutoARIMA"]
# The slowest last: what is ready can be looked at while it is still at work.
PEERS: tuple[Peer, ...] = ("AutoETS", "AutoTheta", "Prophet", "AutoARIMA")
ENVIRONMENT = "forecasting"
SCRIPT = PROJECT_ROOT / "benchmarks" / "peers" / f"{ENVIRONMENT}.py"
# Part of what a kept forecast is found by: to be raised when SCRIPT asks a peer in another way.
METHOD = 1

Asked: TypeAlias = "tuple[Peer, BenchmarkSeries]"


@dataclass(frozen=True, eq=False)
class Forecast:
    """A forecast from one origin (rows seen): mean (horizon,), limits by level, seconds of the processor."""

    origin: int
    mean: Values
    lower: Mapping[int, Values]
    upper: Mapping[int, Values]
    seconds: float


class PeerFailed(Exception):
    """A peer gave no forecast; the message is its own."""


def kept(peer: Peer, series: BenchmarkSeries) -> tuple[Forecast, ...] | None:
    """A peer's forecasts of a series as they were kept, one an origin; None when it was not asked yet."""
    rows = kept_answers.kept(_path(peer, series))
    return None if rows is None else _read(rows)


def ask(asked: Sequence[Asked]) -> Iterator[Asked]:
    """Ask the peers what is not kept yet, longest series first; gives each once its answer is kept.

    Raises PeerUnavailable when their environment can't be built, PeerFailed when one gives no forecast.
    """
    missing = {_path(*one).stem: one for one in asked if kept(*one) is None}
    if not missing:
        return
    order = sorted(missing, key=lambda key: -missing[key][1].values.size)
    requests = "".join(json.dumps({"key": key, **_request(*missing[key])}) + "\n" for key in order)
    command = [str(peer_python(ENVIRONMENT)), str(SCRIPT)]
    log = kept_answers.FORECASTS / "peers.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with (
        log.open("w", encoding="utf-8") as errors,
        subprocess.Popen(
            command,
            env=os.environ | ONE_THREAD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with process.stdin:
                process.stdin.write(requests)
            for line in process.stdout:
                answer = json.loads(line)
                peer, series = missing.pop(answer["key"])
                if "error" in answer:
                    raise PeerFailed(f"{peer} on {series.name}: {answer['error']}")
                kept_answers.keep(_path(peer, series), answer["forecasts"])
                yield peer, series
        except BaseException:
            end_session(process.pid)
            raise
    if missing:
        last = (log.read_text(encoding="utf-8").strip().splitlines() or ["without a word"])[-1]
        raise PeerFailed(f"the peers ended before {len(missing)} answers: {last}")


def _request(peer: Peer, series: BenchmarkSeries) -> dict[str, Any]:
    return {
        "peer": peer,
        "frequency": series.frequency,
        "season": series.season,
        "horizon": series.horizon,
        "start": series.start.isoformat(),
        "values": series.values.tolist(),
        "origins": series.origins,
    }


def _path(peer: Peer, series: BenchmarkSeries) -> Path:
    """Where the forecasts are kept: the name stands for the request and for the versions that answer it."""
    pins = requirements_of(ENVIRONMENT).read_text(encoding="utf-8")
    return kept_answers.path_of(peer, [METHOD, pins, _request(peer, series)])


def _read(rows: list[dict[str, Any]]) -> tuple[Forecast, ...]:
    return tuple(
        Forecast(
            origin=one["origin"],
            mean=np.asarray(one["mean"]),
            lower={level: np.asarray(one["lower"][str(level)]) for level in LEVELS},
            upper={level: np.asarray(one["upper"][str(level)]) for level in LEVELS},
            seconds=one["seconds"],
        )
        for one in rows
    )
