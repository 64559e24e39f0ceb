"""How far a training run is: a bar for a person, a JSON line a step for a program."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from tqdm import tqdm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .competition import Phase, Report

How = Literal["bar", "json"]


@contextmanager
def progress(how: How) -> Iterator[Report]:
    """What to report steps to: a bar on stderr where that is a terminal, or lines on stdout."""
    if how == "json":
        yield _line
        return
    bar = tqdm(total=1, disable=None, file=sys.stderr, unit="fit", leave=False)
    current = ""

    def move(phase: Phase, done: int, total: int) -> None:
        nonlocal current
        if phase != current:
            current = phase
            bar.reset(total)
            bar.set_description(phase)
        bar.update(done - bar.n)

    with bar:
        yield move


def _line(phase: Phase, done: int, total: int) -> None:
    sys.stdout.write(json.dumps({"phase": phase, "done": done, "total": total}) + "\n")
    sys.stdout.flush()
