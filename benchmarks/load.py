"""Load from wrk: requests a second and their latency at a given concurrency."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Every connection sends one request after another; the reply's status is counted by wrk itself.
_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
{authorization}
{requests}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\nRESULT {{"requests": %d, "seconds": %f, "p95": %f, "refused": %d, "broken": %d}}\\n',
    summary.requests, summary.duration / 1e6, latency:percentile(95) / 1e3,
    e.status, e.connect + e.read + e.write + e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What a loaded URL gave: requests a second, and the milliseconds that 95 of 100 answers took at most."""

    rate: float
    p95: float


def require_wrk() -> None:
    """Raise FileNotFoundError, saying what to install, when wrk is not there."""
    if shutil.which("wrk") is None:
        raise FileNotFoundError("The throughput is measured with wrk: install the package wrk.")


def constant_body(body: str) -> str:
    """Lua that sends the same body every time."""
    return f"wrk.body = [=[{body}]=]"


def send(
    url: str, requests: str, *, connections: int, seconds: int, folder: Path, key: str | None = None
) -> Load:
    """Load a URL from one thread of wrk; `requests` is Lua. Raises RuntimeError when any request fails."""
    authorization = f'wrk.headers["Authorization"] = "Bearer {key}"' if key else ""
    script = folder / "load.lua"
    script.touch(mode=0o600)  # it holds the key
    script.write_text(_SCRIPT.format(authorization=authorization, requests=requests), encoding="utf-8")
    command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    done = subprocess.run(
        [*command, "--script", str(script), url],
        capture_output=True,
        text=True,
        timeout=seconds + 30,
        check=True,
    )
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    seen = json.loads(line.removeprefix("RESULT "))
    if seen["refused"] or seen["broken"] or not seen["requests"]:
        raise RuntimeError(f"the load on {url} did not go through: {seen}")
    return Load(seen["requests"] / seen["seconds"], seen["p95"])
