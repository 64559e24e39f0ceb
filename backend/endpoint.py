"""The HTTP client of a scoring URI.

Ours rather than the SDK's `Webservice.run`, which fetches the keys before every call, has no timeout and
repeats a 500 for fourteen seconds (`azureml.core.webservice`, `azureml._base_sdk_common.user_agent` retries).
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from backend.errors import EndpointRejected, EndpointUnauthorized, EndpointUnavailable
from backend.services import keys as fetch_keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from azureml.core import Workspace

    from backend.services import Endpoint, Keys


@dataclass(frozen=True)
class ScoringTimeout:
    """How long to wait for a connection, and then between two bytes of the answer; seconds."""

    connect: float = 3.0
    read: float = 30.0


@dataclass(frozen=True)
class Answer:
    """A successful answer; latency is from the request's first byte to the answer's last, milliseconds."""

    status: int
    body: Any
    text: str
    latency_ms: float


class EndpointClient:
    """Sends requests to one scoring URI; safe to share between threads.

    >>> client = EndpointClient("http://127.0.0.1:6789/scoring/demand/score", lambda: keys)
    >>> client.score({"data": [3]}).body
    {'result': [...]}
    """

    def __init__(
        self,
        scoring_uri: str,
        keys: Callable[[], Keys] | None = None,
        timeout: ScoringTimeout | None = None,
    ) -> None:
        self.scoring_uri = scoring_uri
        self._fetch_keys = keys
        self._timeout = timeout or ScoringTimeout()
        self._key: str | None = None
        self._lock = threading.Lock()

    def score(self, payload: object) -> Answer:
        """Send a payload (a JSON text as it is, anything else encoded) and read the JSON answer.

        Raises EndpointUnavailable (no answer), EndpointUnauthorized (401 or 403 although the keys were
        fetched anew) or EndpointRejected (any other answer that isn't a success, or isn't JSON).
        """
        body = payload if isinstance(payload, str) else json.dumps(payload, allow_nan=False)
        response, latency = self._send(body)
        if response.status_code in (401, 403) and self._fetch_keys is not None:
            self._key = None  # the keys may have been regenerated since they were fetched
            response, latency = self._send(body)
        if response.status_code in (401, 403):
            raise EndpointUnauthorized(
                f"The endpoint refused the key ({response.status_code}).",
                code="endpoint.unauthorized",
                status=response.status_code,
                evidence=response.text[:500],
            )
        if not 200 <= response.status_code < 300:
            raise EndpointRejected(
                f"The endpoint answered {response.status_code}: {_reason(response)}",
                code="endpoint.rejected",
                status=response.status_code,
                reason=_reason(response),
                refusal=_refusal(response),
                evidence=response.text[:2000],
            )
        return Answer(response.status_code, _json(response), response.text, latency)

    def _send(self, body: str) -> tuple[requests.Response, float]:
        headers = {"Content-Type": "application/json"}
        key = self._current_key()
        if key:
            headers["Authorization"] = f"Bearer {key}"
        begin = time.perf_counter()
        try:
            response = requests.post(
                self.scoring_uri,
                data=body.encode(),
                headers=headers,
                timeout=(self._timeout.connect, self._timeout.read),
                allow_redirects=False,  # a redirect would carry the key elsewhere
            )
        except requests.Timeout as error:
            raise EndpointUnavailable(
                f"The endpoint did not answer within {self._timeout.read:g} seconds.",
                code="endpoint.timeout",
                seconds=self._timeout.read,
            ) from error
        except requests.RequestException as error:
            raise EndpointUnavailable(
                "The endpoint can't be reached.", code="endpoint.unavailable", evidence=type(error).__name__
            ) from error
        return response, (time.perf_counter() - begin) * 1000

    def _current_key(self) -> str | None:
        if self._fetch_keys is None:
            return None
        with self._lock:
            if self._key is None:
                self._key = self._fetch_keys().primary
            return self._key


def open_endpoint(workspace: Workspace, endpoint: Endpoint, read_seconds: float = 30.0) -> EndpointClient:
    """A client of a deployed endpoint; EndpointUnavailable when it has no address yet."""
    if not endpoint.scoring_uri:
        raise EndpointUnavailable(
            f"The endpoint {endpoint.name} has no address yet (it is {endpoint.state}).",
            code="endpoint.no_address",
            name=endpoint.name,
            state=endpoint.state,
        )
    keys = (lambda: fetch_keys(workspace, endpoint.name)) if endpoint.authentication else None
    return EndpointClient(endpoint.scoring_uri, keys, ScoringTimeout(read=read_seconds))


def _json(response: requests.Response) -> Any:
    try:
        body = response.json()
        # A course-style script returns json.dumps(...) and the inference server encodes it once more.
        return json.loads(body) if isinstance(body, str) else body
    except ValueError as error:
        raise EndpointRejected(
            "The endpoint's answer isn't JSON.",
            code="endpoint.not_json",
            status=response.status_code,
            evidence=response.text[:500],
        ) from error


def _refusal(response: requests.Response) -> str:
    """The code in our contract's error, by which a refusal of ours is told from another script's failure."""
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _reason(response: requests.Response) -> str:
    """The sentence in our contract's error, or the answer's first line."""
    try:
        error = response.json().get("error")
        if isinstance(error, dict) and error.get("message"):
            return str(error["message"])
        if isinstance(error, str):
            return error
    except (ValueError, AttributeError):
        pass
    lines = response.text.strip().splitlines()
    return lines[0][:300] if lines else response.reason
