"""Other machines to fit on: the workers of a Dask scheduler, in place of this machine's processes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import TrainingInputInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

_SECONDS = 30


@contextmanager
def cluster(address: str | None) -> Iterator[Executor | None]:
    """An executor on the cluster's workers, which need this package too; None without an address.

    Raises TrainingInputInvalid when Dask is not installed (requirements-many-series.txt) or nobody answers.
    """
    if address is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError as error:
        raise TrainingInputInvalid(
            "cluster", "Dask is not installed: pip install -r requirements-many-series.txt"
        ) from error
    try:
        client = Client(address, timeout=_SECONDS)
    except (OSError, ValueError) as error:
        raise TrainingInputInvalid("cluster", f"no scheduler answers at {address}: {error}") from error
    with client:
        yield client.get_executor()
