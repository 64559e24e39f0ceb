"""What the gateway's tests share."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

DEADLINE_SECONDS = 10


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for what another thread brings about, with a deadline."""

    def wait(holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait
