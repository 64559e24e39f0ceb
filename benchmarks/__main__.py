"""`python -m benchmarks [NAME ...]`: measure all or the named scripts; exit code 1 when a bound is missed.

Prints a table each, writes benchmarks/results.json and renders docs/performance.md from it.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from backend.settings import PROJECT_ROOT
from benchmarks import (
    click_to_healthy,
    endpoint_start,
    forecast_accuracy,
    forecast_page,
    many_series,
    scoring_throughput,
    serving_comparison,
)
from benchmarks.load import require_wrk
from benchmarks.measurement import Measurement, read_results, table, write_results
from benchmarks.performance_page import Section, render
from benchmarks.product import running_product

RESULTS = Path(__file__).with_name("results.json")
PAGE = PROJECT_ROOT / "docs" / "performance.md"
SCRIPTS = {
    "endpoint_start": endpoint_start,
    "scoring_throughput": scoring_throughput,
    "serving_comparison": serving_comparison,
    "click_to_healthy": click_to_healthy,
    "forecast_page": forecast_page,
    "forecast_accuracy": forecast_accuracy,
    "many_series": many_series,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the scripts in turn on one running product."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SCRIPTS)}; all by default")
    names = parser.parse_args(arguments).names or list(SCRIPTS)
    if unknown := [name for name in names if name not in SCRIPTS]:
        parser.error(f"there is no {unknown[0]}; there are: {', '.join(SCRIPTS)}")
    try:
        require_wrk()
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    measured = _measure(names)
    results = merged(read_results(RESULTS), measured)
    write_results(RESULTS, results)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(render(sections(), results), encoding="utf-8")
    print(f"Wrote {RESULTS.relative_to(PROJECT_ROOT)} and {PAGE.relative_to(PROJECT_ROOT)}.")
    missed = [one for one in measured if one.holds is False]
    if missed:
        print(f"{len(missed)} of {len(measured)} figures miss their bound.", file=sys.stderr)
    return 1 if missed else 0


def sections() -> list[Section]:
    """What the page says of each script."""
    return [Section(script.TITLE, script.METHOD, script.WHERE_THE_TIME_GOES) for script in SCRIPTS.values()]


def merged(before: list[Measurement], measured: list[Measurement]) -> list[Measurement]:
    """Earlier results with those of the scripts that ran now in their place, in the order of the scripts."""
    found: list[Measurement] = []
    for section in sections():
        found += section.of(measured) or section.of(before)
    return found


def _measure(names: list[str]) -> list[Measurement]:
    print("Preparing: workspace, environment, model and endpoint in a temporary folder ...", flush=True)
    found: list[Measurement] = []
    with running_product() as product:
        for name in names:
            started = time.monotonic()
            lines = SCRIPTS[name].measure(product)
            print(f"\n{name} ({time.monotonic() - started:.0f} s)\n{table(lines)}", flush=True)
            found += lines
    print()
    return found


if __name__ == "__main__":
    sys.exit(main())
