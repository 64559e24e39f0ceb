"""Train a forecasting model, measure it, and leave run outputs that can be registered.

    python -m scoring.train --input data/adventureworks_daily.csv --output outputs --model-name NAME \
        --start 2013-07-31 --end 2013-12-31

reproduces the course's figures with its ARIMA(2,0,2); with `--candidates all --horizon 28` every candidate is
backtested and the champion chosen without hindsight. Left in the output folder: `models/`, `metric.json`, and
`report.json` when candidates competed. The same input, options and seed leave the same bytes, but for the
seconds that the report tells.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

if __name__ == "__main__":
    # Threads of BLAS only spin on matrices this small: on a busy machine a fit takes twenty times as long.
    # The worker processes inherit it.
    for _library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")

from .champion import train_champion
from .cluster import cluster
from .competition import CompetitionPlan
from .contract import MAX_HORIZON
from .csv_columns import has_column
from .errors import ModelFileInvalid, TrainingInputInvalid
from .fit import ModelOrder, Order, SeasonalOrder, Trend
from .fixed_order import FixedOrderPlan, train_fixed_order
from .frequency import parse_moment
from .model_file import read_model
from .nodes import with_sums
from .panel import train_panel
from .progress import progress
from .run_outputs import check_model_name, write_run_outputs
from .series import ID_COLUMN, read_panel, read_series

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from .competition import Report
    from .run_outputs import TrainedModel

logger = logging.getLogger(__name__)


def _numbers(text: str, count: int) -> tuple[int, ...]:
    try:
        numbers = tuple(int(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) != count:
        raise argparse.ArgumentTypeError(f"{text!r} must be {count} whole numbers with commas between them")
    return numbers


def _order(text: str) -> Order:
    return cast("Order", _numbers(text, 3))


def _seasonal_order(text: str) -> SeasonalOrder:
    return cast("SeasonalOrder", _numbers(text, 4))


def _day(text: str) -> datetime:
    try:
        return parse_moment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scoring.train", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--input", type=Path, required=True, help="CSV with a date and a value column")
    parser.add_argument("--output", type=Path, required=True, help="folder for models/ and metric.json")
    parser.add_argument("--model-name", required=True, help="the name to register the model by")
    parser.add_argument("--order", type=_order, default=(2, 0, 2), metavar="p,d,q", help="default 2,0,2")
    parser.add_argument(
        "--seasonal-order", type=_seasonal_order, default=(0, 0, 0, 0), metavar="P,D,Q,s", help="default none"
    )
    parser.add_argument(
        "--trend", choices=("c", "n"), help="constant or none; default a constant, none when differenced"
    )
    parser.add_argument("--start", type=_day, help="first day used; default the file's first")
    parser.add_argument("--end", type=_day, help="last day used; default the file's last")
    parser.add_argument("--date-column", help="default: found")
    parser.add_argument("--value-column", help="default: found")
    parser.add_argument("--train-fraction", type=float, default=0.9, help="share of rows fitted; default 0.9")
    parser.add_argument("--starts", type=int, default=12, help="random starts of the fit; default 12")
    parser.add_argument("--seed", type=int, default=0, help="of the random starts; default 0")
    parser.add_argument(
        "--gaps",
        choices=("refuse", "interpolate", "zero"),
        default="refuse",
        help="what becomes of missing dates; default refuse",
    )
    contest = parser.add_argument_group("competition", "let candidates compete instead of fitting one order")
    contest.add_argument(
        "--candidates", metavar="all|quick|NAME,NAME", help="which; quick are those for thousands of series"
    )
    contest.add_argument("--horizon", type=int, default=28, help="steps ahead; default 28")
    contest.add_argument("--origins", type=int, default=12, help="origins that are scored; default 12")
    contest.add_argument(
        "--champion", type=Path, metavar="FILE", help="registered model file to measure at the same origins"
    )
    contest.add_argument("--processes", type=int, default=0, help="default one a core")
    contest.add_argument(
        "--progress", choices=("bar", "json"), default="bar", help="json: a line a step on stdout"
    )
    many = parser.add_argument_group("many series", "a long table, a row a series and date, into one model")
    many.add_argument(
        "--id-column", action="append", default=[], metavar="NAME", help="again for a name of several columns"
    )
    many.add_argument("--hierarchy", action="store_true", help="forecast parts, sums and total coherently")
    many.add_argument("--cluster", metavar="ADDRESS", help="a Dask scheduler whose workers do the fitting")
    return parser


def _fixed_order(options: argparse.Namespace) -> FixedOrderPlan:
    differenced = options.order[1] + options.seasonal_order[1] > 0
    trend: Trend = options.trend or ("n" if differenced else "c")
    plan = FixedOrderPlan(
        options.model_name,
        ModelOrder(options.order, options.seasonal_order, trend),
        options.train_fraction,
        options.starts,
        options.seed,
    )
    plan.check()
    return plan


def _competition(options: argparse.Namespace) -> CompetitionPlan:
    bounds = (
        ("horizon", 1, MAX_HORIZON),
        ("origins", 1, 100),
        ("seed", 0, 2**32 - 1),
        ("processes", 0, 1_000),
    )
    for field, low, high in bounds:
        if not low <= getattr(options, field) <= high:
            raise TrainingInputInvalid(field, f"it must be from {low} to {high}.")
    named = tuple(options.candidates.split(","))
    return CompetitionPlan(
        options.horizon,
        () if named == ("all",) else named,
        options.origins,
        options.seed,
        options.processes,
    )


def _is_panel(options: argparse.Namespace) -> bool:
    """Whether the table is a long one: an id column is named, or there is one of the usual name."""
    return bool(options.id_column or options.hierarchy) or has_column(options.input, ID_COLUMN)


def _reading(options: argparse.Namespace) -> dict[str, Any]:
    names = ("start", "end", "date_column", "value_column", "gaps")
    return {name: getattr(options, name) for name in names}


def _train(options: argparse.Namespace) -> None:
    check_model_name(options.model_name)
    if options.candidates is None:
        if options.id_column or options.hierarchy or options.cluster:
            raise TrainingInputInvalid("candidates", "many series need it: all, quick, or names.")
        fixed = _fixed_order(options)
        series = read_series(options.input, **_reading(options))
        write_run_outputs(train_fixed_order(series, fixed), options.output)
        return
    plan = _competition(options)
    with progress(options.progress) as report:
        train = _train_many if _is_panel(options) else _train_one
        trained = train(options, plan, report)
        report("write", 0, 1)
        write_run_outputs(trained, options.output)
        report("write", 1, 1)


def _train_one(options: argparse.Namespace, plan: CompetitionPlan, report: Report) -> TrainedModel:
    report("read", 0, 1)
    registered = read_model(options.champion) if options.champion else None
    series = read_series(options.input, **_reading(options))
    report("read", 1, 1)
    return train_champion(series, options.model_name, plan, report, registered)


def _train_many(options: argparse.Namespace, plan: CompetitionPlan, report: Report) -> TrainedModel:
    if options.champion:
        raise TrainingInputInvalid("champion", "a model of many series can't be compared yet.")
    report("read", 0, 1)
    panel = read_panel(options.input, id_columns=options.id_column, **_reading(options))
    summing = None
    if options.hierarchy:
        panel, summing = with_sums(panel, padded=options.gaps == "zero")
    report("read", 1, 1)
    with cluster(options.cluster) as executor:
        return train_panel(panel, options.model_name, plan, report, summing=summing, executor=executor)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status: 2 when the input can't be used."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        _train(options)
    except (TrainingInputInvalid, ModelFileInvalid, OSError) as error:
        logger.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
