"""What is looked at inside the environment of requirements-many-series.txt, where the app's tests can't run.

    python -m tests.scoring.many_series_extra FOLDER

prints what it measured as JSON; test_many_series_extra.py starts it and judges.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scoring import cluster
from scoring.candidates.mstl import MstlEts, _smoothing
from scoring.competition import CompetitionPlan
from scoring.errors import CandidateUnfit
from scoring.forecaster import Forecaster
from scoring.kinds.outlook import Matrix, Observed, Outlook, Vector
from scoring.model_file import MODEL_FILE_NAME, read_model
from scoring.nodes import with_sums
from scoring.panel import SeriesTask, train_panel, train_series
from scoring.reconciliation import mint_weights
from scoring.series import read_panel
from scoring.train import main

HORIZON = 28
FIRST = 735_080
"""A calendar place: the position of a day in its week must not matter."""


def random_series() -> dict[str, Vector]:
    """Series that statsforecast's selection finds different forms for."""
    generator = np.random.default_rng(1)
    steps = np.arange(200.0)
    week = np.tile([5.0, 3.0, 0.0, -2.0, 0.0, -3.0, -3.0], 29)[:200]
    return {
        "level": 500 + np.cumsum(generator.normal(size=200) * 5) + week,
        "trend": 100 + 1.5 * steps + generator.normal(size=200) * 3 + week,
        "growth": np.exp(4 + 0.01 * steps + 0.1 * generator.normal(size=200)),
        "damped": 150 - 100 * 0.95**steps + np.cumsum(generator.normal(size=200)) * 0.5 + week,
    }


def far(one: Any, other: Any) -> float:
    """The largest difference, as a share of the largest value."""
    found, expected = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def smoothing(_: Path) -> dict[str, Any]:
    """Every form without a season: the file form beside statsforecast's figures and the book's formula."""
    from statsforecast.models import AutoETS

    values = random_series()["damped"] / 50
    found = {}
    for model in ("ANN", "AAN", "MNN", "MAN", "AAdN", "MAdN"):
        damped = "d" in model
        fitted = AutoETS(model=model.replace("d", ""), damped=damped).fit(values)
        theirs = fitted.model_
        kind = _smoothing(theirs)
        [outlook] = kind.outlooks(Observed(values, FIRST), [values.size], HORIZON, values.size)
        level, slope = theirs["states"][-1][0], theirs["states"][-1][1] if "A" in model[1:] else 0.0
        phi = theirs["par"][3] if damped else 1.0
        steps = np.arange(1, HORIZON + 1)
        book = level + slope * np.cumsum(phi**steps)
        forecast = fitted.predict(HORIZON)["mean"]
        found[model] = {
            "components": theirs["components"],
            "fitted": far(outlook.fitted, theirs["fitted"]),
            "book": far(outlook.mean, book),
            "statsforecast": far(outlook.mean, forecast),
            # Up to 2.1 its sum of damped slopes begins with phi twice in place of phi and phi squared.
            "statsforecast as it was": far(outlook.mean + slope * (phi - phi**steps), forecast),
        }
    return found


def mstl(_: Path) -> dict[str, Any]:
    """The candidate beside AutoETS on the series without the season of its last cycle."""
    from statsforecast.models import AutoETS
    from statsforecast.mstl import mstl as decompose

    found = {}
    for name, values in random_series().items():
        unit = values.std()
        pattern = decompose(values / unit, 7)["seasonal"].to_numpy()[-7:]
        begun = -values.size % 7
        rest = values / unit - pattern[(np.arange(values.size) + begun) % 7]
        fitted = AutoETS(model="ZZN").fit(rest)
        expected = (fitted.predict(HORIZON)["mean"] + pattern[np.arange(HORIZON) % 7]) * unit
        kind = MstlEts("mstl-ets", 7).fit(Observed(values, FIRST))
        [outlook] = kind.outlooks(Observed(values, FIRST), [values.size], HORIZON, 20)
        found[name] = {
            "components": fitted.model_["components"],
            "first": far(outlook.mean[:1], expected[:1]),
            "all": far(outlook.mean, expected),
        }
    return found


def opposed_parts(folder: Path) -> Path:
    """Series with a common trend whose wanderings cancel out: of their sums far more can be known."""
    generator = np.random.default_rng(2)
    wandering = np.cumsum(generator.normal(size=(2, 120)), axis=1) * 6
    noise = generator.normal(size=(2, 120)) * 30
    trend = 50 + 0.5 * np.arange(120)
    parts = {
        "a/x": trend + noise[0] + wandering[0],
        "a/y": trend - noise[0] + wandering[1],
        "b/x": trend + noise[1] - wandering[0],
        "b/y": trend - noise[1] - wandering[1] + generator.normal(size=120) * 4,
    }
    dates = pd.date_range("2014-01-01", periods=120).strftime("%Y-%m-%d")
    path = folder / "opposed.csv"
    tables = [pd.DataFrame({"unique_id": name, "ds": dates, "y": y}) for name, y in parts.items()]
    pd.concat(tables).to_csv(path, index=False)
    return path


def shrunk_covariance(errors: Matrix) -> Matrix:
    """Schäfer and Strimmer (2005): correlations are shrunk towards zero by how uncertain they are."""
    count = errors.shape[1]
    centred = errors - errors.mean(axis=1, keepdims=True)
    scales = np.sqrt((centred**2).sum(axis=1) / (count - 1))
    standard = centred / scales[:, np.newaxis]
    products = standard[:, np.newaxis, :] * standard[np.newaxis, :, :]
    correlation = products.sum(axis=2) / (count - 1)
    spread = ((products - products.mean(axis=2, keepdims=True)) ** 2).sum(axis=2)
    variance = count / (count - 1) ** 3 * spread
    others = ~np.eye(len(errors), dtype=bool)
    shrinkage = min(1.0, max(0.0, variance[others].sum() / (correlation[others] ** 2).sum()))
    shrunk = np.where(others, (1 - shrinkage) * correlation, 1.0)
    return np.asarray(shrunk * np.outer(scales, scales))


def reconciled_by_the_library(
    summing: Matrix, names: tuple[str, ...], insample: tuple[Matrix, Matrix], means: Matrix
) -> Matrix:
    """The forecasts as hierarchicalforecast itself reconciles them, table in, table out."""
    from hierarchicalforecast.core import HierarchicalReconciliation
    from hierarchicalforecast.methods import MinTrace

    def table(columns: Mapping[str, Matrix]) -> pd.DataFrame:
        count = next(iter(columns.values())).shape[1]
        dates = pd.date_range("2014-01-01", periods=count)
        ids = {"unique_id": np.repeat(names, count), "ds": np.tile(dates, len(names))}
        return pd.DataFrame(ids | {name: values.ravel() for name, values in columns.items()})

    fitted, errors = insample
    bottoms = names[-summing.shape[1] :]
    sums = pd.DataFrame(summing, columns=list(bottoms))
    sums.insert(0, "unique_id", names)
    found = HierarchicalReconciliation([MinTrace("mint_shrink")]).reconcile(
        Y_hat_df=table({"ours": means}),
        Y_df=table({"y": fitted + errors, "ours": fitted}),
        S_df=sums,
        tags={"sums": np.array(names[: -len(bottoms)]), "bottoms": np.array(bottoms)},
    )
    [column] = [column for column in found.columns if column.startswith("ours/")]
    return np.stack([found[found["unique_id"] == name][column].to_numpy() for name in names])


def mint(folder: Path) -> dict[str, Any]:
    """The weights beside the textbook's, and what is served beside the library's own forecasts."""
    panel, summing = with_sums(read_panel(opposed_parts(folder)), padded=False)
    candidates = ("season-regression-13", "recent-mean-13", "theta")
    plan = CompetitionPlan(horizon=14, candidates=candidates, origins=3, processes=1)
    trained = train_panel(panel, "m", plan, lambda phase, done, total: None, summing=summing)
    assert trained.report is not None
    nested = [
        train_series(SeriesTask(series, name, plan, node=True)).nested
        for name, series in zip(panel.ids, panel.series, strict=True)
    ]
    outlooks = [one[max(one)] for one in nested]
    fitted, errors = (
        np.stack([getattr(outlook, part) for outlook in outlooks]) for part in ("fitted", "errors")
    )
    known = ~(np.isnan(fitted) | np.isnan(errors)).any(axis=0)
    inverse = np.linalg.inv(shrunk_covariance(errors[:, known]))
    textbook = np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse)
    weights = mint_weights(summing, outlooks)
    assert trained.model.hierarchy is not None
    served = np.stack([one.mean for one in Forecaster(trained.model).forecast(14, panel.ids)])
    alone = Forecaster(replace(trained.model, hierarchy=None)).forecast(14, panel.ids)
    means = np.stack([one.mean for one in alone])
    insample = fitted[:, known], errors[:, known]
    library = reconciled_by_the_library(summing, panel.ids, insample, means)
    return {
        "reconciliation": trained.report["reconciliation"],
        "metric": trained.metrics["reconciliation"],
        "errors known": int(known.sum()),
        "weights / textbook": far(weights, textbook),
        "served weights / weights": far(trained.model.hierarchy.weights, weights),
        "served / library": far(served, library),
        "own forecasts / library": far(means, library),
        "adds up": far(served, summing @ served[-summing.shape[1] :]),
        "with five errors": mint_problem(summing, [cut(outlook, 5) for outlook in outlooks]),
    }


def cut(outlook: Outlook, count: int) -> Outlook:
    """With so many of its errors."""
    return replace(outlook, fitted=outlook.fitted[-count:], errors=outlook.errors[-count:])


def mint_problem(summing: Matrix, outlooks: list[Outlook]) -> str:
    """Why there are no weights; empty when there are finite ones."""
    try:
        mint_weights(summing, outlooks)
    except CandidateUnfit as error:
        return str(error)
    return ""


def on_a_cluster(folder: Path) -> dict[str, Any]:
    """The same training here and by the two workers of a Dask scheduler."""
    from distributed import Client, LocalCluster

    options = ["--input", str(opposed_parts(folder)), "--model-name", "m"]
    options += ["--candidates", "quick", "--horizon", "14", "--origins", "1"]
    found: dict[str, Any] = {"here": main([*options, "--output", str(folder / "here"), "--processes", "1"])}
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as local:
        address = local.scheduler_address
        found["there"] = main([*options, "--output", str(folder / "there"), "--cluster", address])
        with Client(address) as client:
            used = client.run(lambda: "scoring.panel" in sys.modules)
    found["workers that fitted"] = sum(used.values())
    cluster._SECONDS = 1
    found["nobody there"] = main([*options, "--output", str(folder / "x"), "--cluster", "tcp://127.0.0.1:1"])
    with LocalCluster(n_workers=0, dashboard_address=None) as idle:
        address = idle.scheduler_address
        found["no worker"] = main([*options, "--output", str(folder / "x"), "--cluster", address])
    found["no address"] = main([*options, "--output", str(folder / "x"), "--cluster", "nonsense://x"])
    model = read_model(folder / "there" / "models" / MODEL_FILE_NAME)
    found["labels"] = {series.id: series.label for series in model.series}
    forecasts = Forecaster(model).forecast(HORIZON, [series.id for series in model.series])
    found["forecasts"] = {one.series: one.mean.tolist() for one in forecasts}
    return found


if __name__ == "__main__":
    measurements = {"smoothing": smoothing, "mstl": mstl, "mint": mint, "cluster": on_a_cluster}
    json.dump({name: measure(Path(sys.argv[1])) for name, measure in measurements.items()}, sys.stdout)
