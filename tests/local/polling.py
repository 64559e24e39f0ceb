"""Waiting for something that no event announces."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx
import psutil

Found = TypeVar("Found")


def until(found: Callable[[], Found | None], seconds: float = 60.0) -> Found:
    """The first true answer of `found`; an AssertionError after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = found()
        except (httpx.TransportError, psutil.NoSuchProcess):
            answer = None
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)
