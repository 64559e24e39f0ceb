"""A workspace's process for the tests: supervises one service until it is killed, or told to let go of it.

python -m tests.local.runtime.workspace_process PYTHON FOLDER
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from backend.local.supervisor import ServiceSpecification, ServiceStatus, Supervisor


def specification(python: Path, folder: Path) -> ServiceSpecification:
    """The service that both processes know."""
    return ServiceSpecification(
        name=folder.parent.name,
        revision=folder.name,
        python=python,
        folder=folder,
        entry_script="score.py",
        model_dir=None,
        environment_variables={},
        cpu_cores=1,
        memory_gb=1,
    )


async def main() -> None:
    """Start the service, say that it is Healthy, and wait for a line: then leave the service running."""

    def ignore(_: ServiceStatus) -> None:
        return

    supervisor = Supervisor(ignore)
    status = await supervisor.start(specification(Path(sys.argv[1]), Path(sys.argv[2])))
    print(status.pid, status.port, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await supervisor.close(stop_services=False)


if __name__ == "__main__":
    asyncio.run(main())
