"""The scoring client against a server that answers, delays, drops and refuses."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from backend.endpoint import EndpointClient, ScoringTimeout
from backend.errors import EndpointRejected, EndpointUnauthorized, EndpointUnavailable
from backend.services import Keys


@dataclass
class Server:
    """What the next request gets, and what came in."""

    uri: str = ""
    key: str = "old"
    status: int = 200
    body: str = '{"result": [1.5]}'
    headers: dict[str, str] = field(default_factory=dict)
    hang: threading.Event | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Scoring(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append({"body": body, **{k.lower(): v for k, v in self.headers.items()}})
            if state.hang:
                state.hang.wait(30)
            right = self.headers.get("Authorization") == f"Bearer {state.key}"
            self.send_response(state.status if right else 401)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(state.body.encode())

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Scoring)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    state.uri = f"http://127.0.0.1:{http.server_port}/score"
    yield state
    if state.hang:
        state.hang.set()
    http.shutdown()
    http.server_close()
    thread.join()


def client(server: Server, keys: list[str]) -> EndpointClient:
    remaining = iter(keys)
    return EndpointClient(server.uri, lambda: Keys(next(remaining), "other"), ScoringTimeout(1, 1))


def test_an_answer_comes_with_its_latency_and_keys_are_fetched_once(server: Server) -> None:
    endpoint = client(server, ["old"])
    for _ in range(3):
        answer = endpoint.score({"data": [1]})
    assert (answer.status, answer.body) == (200, {"result": [1.5]})
    assert answer.latency_ms > 0
    assert server.requests[0]["content-type"] == "application/json"
    assert json.loads(server.requests[0]["body"]) == {"data": [1]}


def test_a_regenerated_key_is_fetched_once_more(server: Server) -> None:
    server.key = "new"
    assert client(server, ["old", "new"]).score({}).status == 200
    assert len(server.requests) == 2


def test_a_key_that_stays_wrong_is_an_error_without_the_key_in_it(server: Server) -> None:
    server.key = "right"
    with pytest.raises(EndpointUnauthorized) as caught:
        client(server, ["secret-1", "secret-2"]).score({})
    assert len(server.requests) == 2
    assert "secret" not in f"{caught.value} {caught.value.evidence} {caught.value.details}"
    assert "secret" not in repr(Keys("secret-1", "secret-2"))


def test_our_contracts_error_becomes_the_reason(server: Server) -> None:
    server.status, server.body = 400, '{"error": {"code": "horizon", "message": "horizon must be 1 to 366"}}'
    with pytest.raises(EndpointRejected, match="horizon must be 1 to 366") as caught:
        client(server, ["old"]).score({})
    assert caught.value.details["status"] == 400
    assert caught.value.details["refusal"] == "horizon"


def test_a_doubly_encoded_answer_of_a_course_script_is_read(server: Server) -> None:
    server.body = json.dumps(json.dumps({"result": [1.0]}))
    assert client(server, ["old"]).score({}).body == {"result": [1.0]}


def test_an_answer_that_is_no_json_is_an_error(server: Server) -> None:
    server.body = "<html>"
    with pytest.raises(EndpointRejected, match="isn't JSON"):
        client(server, ["old"]).score({})


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.status, server.headers = 302, {"Location": "http://127.0.0.1:1/elsewhere"}
    with pytest.raises(EndpointRejected):
        client(server, ["old"]).score({})
    assert len(server.requests) == 1


def test_a_slow_endpoint_ends_in_a_sentence(server: Server) -> None:
    server.hang = threading.Event()
    with pytest.raises(EndpointUnavailable, match="within 1 seconds"):
        client(server, ["old"]).score({})


def test_an_endpoint_that_is_not_there_ends_in_a_sentence() -> None:
    with pytest.raises(EndpointUnavailable, match="can't be reached"):
        EndpointClient("http://127.0.0.1:1/score", timeout=ScoringTimeout(1, 1)).score({})


def test_not_a_number_is_refused_before_it_is_sent(server: Server) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        client(server, ["old"]).score({"y": float("nan")})
    assert server.requests == []
