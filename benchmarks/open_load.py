"""Open-loop load: requests leave by the clock, whether or not earlier ones have been answered.

`python -m benchmarks.open_load` reads a plan's JSON line from its input, sends until the input ends, and
prints what became of every request: a process of its own, which nobody else's work makes late.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from backend.settings import PROJECT_ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Plan:
    """What is sent where, how many times a second."""

    url: str
    key: str = field(repr=False)
    payload: Mapping[str, Any]
    rate: float


@dataclass
class Answers:
    """Every request that left, by what became of it; latencies in milliseconds from the planned moment."""

    sent: int = 0
    seconds: float = 0.0
    statuses: Counter[str] = field(default_factory=Counter)
    endpoints: Counter[str] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """Requests that left and were not answered with 200."""
        return self.sent - self.statuses["200"]


@contextlib.contextmanager
def open_load(plan: Plan) -> Iterator[Answers]:
    """Send until the block ends; the answers are counted by then."""
    answers = Answers()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.open_load"],
        cwd=PROJECT_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(asdict(plan)) + "\n")
        process.stdin.flush()
        yield answers
        told, _ = process.communicate(timeout=ANSWER_SECONDS * 2)
    document = json.loads(told)
    answers.sent, answers.seconds = document["sent"], document["seconds"]
    answers.latencies = document["latencies"]
    answers.statuses.update(document["statuses"])
    answers.endpoints.update(document["endpoints"])


async def _send_all(plan: Plan, ending: threading.Event) -> Answers:
    answers = Answers()
    limits = httpx.Limits(max_connections=None, keepalive_expiry=2.0)
    async with (
        httpx.AsyncClient(
            timeout=ANSWER_SECONDS,
            limits=limits,
            trust_env=False,
            headers={"Authorization": f"Bearer {plan.key}"},
        ) as client,
        asyncio.TaskGroup() as tasks,
    ):
        begin = time.perf_counter()
        while not ending.is_set():
            moment = begin + answers.sent / plan.rate
            await asyncio.sleep(max(0.0, moment - time.perf_counter()))
            answers.sent += 1
            tasks.create_task(_send(client, plan, moment, answers))
        answers.seconds = time.perf_counter() - begin
    return answers


async def _send(client: httpx.AsyncClient, plan: Plan, moment: float, answers: Answers) -> None:
    try:
        answer = await client.post(plan.url, json=plan.payload)
    except httpx.HTTPError as error:
        answers.statuses[type(error).__name__] += 1
        return
    answers.statuses[str(answer.status_code)] += 1
    answers.endpoints[answer.headers.get("x-yosoku-endpoint", "")] += 1
    answers.latencies.append((time.perf_counter() - moment) * 1000)


def main() -> int:
    """Send a plan until the input ends."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    ending = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        ending.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    answers = asyncio.run(_send_all(plan, ending))
    print(json.dumps(vars(answers)))  # asdict can't copy a Counter
    return 0


if __name__ == "__main__":
    sys.exit(main())
