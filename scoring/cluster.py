"""Other machines to fit on: the workers of a Dask scheduler, in place of this machine's processes."""

from __future__ import annotations

from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from .errors import TrainingInputInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor

    from distributed import Client

_SECONDS = 30


@contextmanager
def cluster(address: str | None) -> Iterator[Executor | None]:
    """An executor on the cluster's workers; None without an address.

    Raises TrainingInputInvalid when Dask is not installed (requirements-many-series.txt), when no scheduler
    answers or it has no worker, and when they can't import this package.
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
        _refuse_unready(client)
        yield client.get_executor()


def _refuse_unready(client: Client) -> None:
    """Raise TrainingInputInvalid for a cluster on which a task would wait for ever or can't be read."""
    try:
        client.wait_for_workers(1, timeout=_SECONDS)
    except TimeoutError as error:
        raise TrainingInputInvalid("cluster", f"it has no worker after {_SECONDS} seconds.") from error
    found = [client.run_on_scheduler(find_spec, __package__), *client.run(find_spec, __package__).values()]
    if None in found:
        raise TrainingInputInvalid(
            "cluster", "its scheduler and workers can't import this package: set PYTHONPATH where they start."
        )
