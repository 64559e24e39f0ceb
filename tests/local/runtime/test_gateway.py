"""The gateway before a real service: keys, headers, limits, and what it answers when the service can't."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette

from backend.local.gateway import Route, authorized, gateway_routes
from tests.local.runtime.conftest import Specify, Watched, supervisor
from tests.local.runtime.http import Answer, request

KEYS = ("first-key", "second-key")
BEARER = {"Authorization": "Bearer first-key"}
MAX_BODY = 8 * 1024 * 1024

ECHO = """
import json, os, time
from flask import Response
from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
def init():
    pass
@rawhttp
def run(request):
    order = request.args.get("order")
    if order == "die":
        os._exit(1)
    if order == "half":
        def pieces():
            yield "x" * 100000
            os._exit(1)
        return Response(pieces())
    if order == "sleep":
        time.sleep(30)
    if order == "teapot":
        return AMLResponse({"error": "short and stout"}, 418, {"x-ms-own": "yes"}, json_str=True)
    if order == "stream":
        return Response((b"piece %d;" % number for number in range(1000)), mimetype="text/plain")
    if order == "large":
        return Response("y" * 5_000_000)
    return {"length": len(request.get_data()), "headers": {k.lower(): v for k, v in request.headers}}
"""


class Gateway:
    """A gateway on a port of its own; the route it resolves can be replaced."""

    def __init__(self, port: int, running: Watched) -> None:
        self.port = port
        self.running = running
        self.auth_enabled = True
        self.state: str | None = None

    def resolve(self, service: str) -> Route | None:
        """The route of the one service there is."""
        status = self.running.status(service, "r1")
        return Route(status.port, KEYS, self.auth_enabled, self.state or status.state) if status else None

    async def ask(self, path: str = "score", *, key: dict[str, str] = BEARER, **options: object) -> Answer:
        """A request to the service's path."""
        headers = key | options.pop("headers", {})  # type: ignore[operator]
        return await request(self.port, f"/scoring/demand/{path}", headers=headers, **options)  # type: ignore[arg-type]


@asynccontextmanager
async def opened(specify: Specify, *, timeout: float = 60) -> AsyncIterator[Gateway]:
    """A real service behind a real server."""
    async with supervisor() as running:
        await running.start(specify(ECHO))
        gateway = Gateway(0, running)
        application = Starlette(routes=gateway_routes(gateway.resolve, max_body=MAX_BODY, timeout=timeout))
        config = uvicorn.Config(application, port=0, access_log=False, log_level="critical", lifespan="off")
        socket = config.bind_socket()
        socket.listen()
        gateway.port = socket.getsockname()[1]
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[socket]))
        try:
            yield gateway
        finally:
            server.should_exit = True
            await serving
            socket.close()


def through(specify: Specify, scenario: Callable[[Gateway], Awaitable[None]], *, timeout: float = 60) -> None:
    """Run a scenario before a gateway."""

    async def run() -> None:
        async with opened(specify, timeout=timeout) as gateway:
            await scenario(gateway)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        (b"Bearer first-key", True),
        (b"bearer second-key", True),
        (b"Bearer  first-key ", True),
        (b"Bearer first-ke", False),
        (b"Bearer", False),
        (b"Bearer ", False),
        (b"Basic first-key", False),
        (b"first-key", False),
        (b"", False),
        ("Bearer ÿ".encode(), False),
    ],
)
def test_which_header_is_admitted(header: bytes, admitted: bool) -> None:
    assert authorized(header, KEYS) is admitted


def test_no_key_is_admitted_where_there_are_none() -> None:
    assert not authorized(b"Bearer ", ())
    assert not authorized(b"Bearer ", ("",))


def test_keys_paths_and_methods(specify: Specify) -> None:
    async def scenario(gateway: Gateway) -> None:
        for key in ({}, {"Authorization": "Bearer wrong"}):
            refused = await gateway.ask(key=key)
            assert refused.status == 401
            assert refused.headers["www-authenticate"] == "Bearer"
            assert "Authorization: Bearer" in str(refused.json())
        assert (await gateway.ask(key={"Authorization": "Bearer second-key"})).status == 200
        assert (await gateway.ask(method="OPTIONS", body=b"", key={})).status == 200
        assert (await gateway.ask(method="DELETE")).status == 405
        assert (await gateway.ask("", method="GET", body=b"")).body == b"Healthy"
        assert b'"swagger"' in (await gateway.ask("swagger.json", method="GET", body=b"")).body
        assert b'"openapi"' in (await gateway.ask("swagger.json?version=3", method="GET", body=b"")).body
        assert (await gateway.ask("swagger.json", method="GET", body=b"", key={})).status == 401
        assert (await request(gateway.port, "/scoring/other/score", headers=BEARER)).status == 404
        gateway.auth_enabled = False
        assert (await gateway.ask(key={})).status == 200

    through(specify, scenario)


def test_what_is_passed_on_and_back(specify: Specify) -> None:
    async def scenario(gateway: Gateway) -> None:
        identity = {"x-request-id": "abc", "x-ms-client-request-id": "mine", "Keep-Alive": "5", "X-Own": "1"}
        answer = await gateway.ask(headers=identity, body=b"12345")
        assert answer.headers["x-request-id"] == "abc"
        assert answer.headers["x-ms-client-request-id"] == "mine"
        assert answer.headers["x-ms-run-function-failed"] == "False"
        seen = answer.json()
        assert isinstance(seen, dict)
        assert seen["length"] == 5
        assert seen["headers"]["x-own"] == "1"
        assert seen["headers"]["content-type"] == "application/json"
        assert not {"authorization", "keep-alive"} & set(seen["headers"])
        teapot = await gateway.ask("score?order=teapot")
        assert (teapot.status, teapot.headers["x-ms-own"]) == (418, "yes")
        assert teapot.json() == {"error": "short and stout"}
        streamed = await gateway.ask("score?order=stream")
        assert streamed.body.count(b"piece") == 1000
        assert (await gateway.ask("score?order=large")).headers["content-length"] == "5000000"

    through(specify, scenario)


def test_bodies_large_and_too_large(specify: Specify) -> None:
    async def scenario(gateway: Gateway) -> None:
        large = await gateway.ask(body=b"z" * (MAX_BODY - 1))
        assert isinstance(seen := large.json(), dict)
        assert seen["length"] == MAX_BODY - 1
        chunked = {"Transfer-Encoding": "chunked"}
        answer = await gateway.ask(body=b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", headers=chunked)
        assert isinstance(seen := answer.json(), dict)
        assert seen["length"] == 11
        announced = {"Content-Length": str(MAX_BODY + 1)}
        refused = await gateway.ask(body=b"", headers=announced)
        assert refused.status == 413
        assert f"limit of {MAX_BODY} bytes" in str(refused.json())
        pieces = b"100000\r\n" + b"z" * 0x100000 + b"\r\n"
        assert (await gateway.ask(body=pieces * 9 + b"0\r\n\r\n", headers=chunked)).status == 413
        assert (await gateway.ask()).status == 200

    through(specify, scenario)


def test_a_service_that_drops_the_connection_or_hangs(specify: Specify) -> None:
    async def scenario(gateway: Gateway) -> None:
        dropped = await gateway.ask("score?order=die")
        assert dropped.status == 502
        assert "its log says why" in str(dropped.json())
        await gateway.running.until("Transitioning")
        await gateway.running.until("Healthy")
        half = await gateway.ask("score?order=half")
        assert half.status == 200
        assert len(half.body) < 200_000
        await gateway.running.until("Transitioning")
        await gateway.running.until("Healthy")
        late = await gateway.ask("score?order=sleep")
        assert late.status == 504
        assert "did not answer within 2 s" in str(late.json())

    through(specify, scenario, timeout=2)


def test_a_service_that_is_not_healthy(specify: Specify) -> None:
    async def scenario(gateway: Gateway) -> None:
        gateway.state = "Unhealthy"
        refused = await gateway.ask()
        assert refused.status == 503
        assert refused.headers["retry-after"] == "2"
        assert refused.json() == {"message": "The service is Unhealthy, not Healthy."}
        assert (await gateway.ask(key={})).status == 401
        await gateway.running.stop("demand", "r1")
        assert (await gateway.ask()).status == 404

    through(specify, scenario)
