"""Who may ask what: bearer token, signatures, host, files, loopback."""

from __future__ import annotations

import itertools
import stat
from pathlib import Path

import httpx
import psutil
import pytest

from backend.local.arm import workspace_path
from backend.local.blob_files import blob_name
from backend.local.client import RunningWorkspace, sdk_environment
from backend.local.signatures import SAS_SECONDS, Signatures
from backend.local.state import folder_of, load_identity, load_token
from tests.local.conftest import Sdk


@pytest.fixture
def signatures(state_dir: Path, running: RunningWorkspace) -> Signatures:
    folder = folder_of(state_dir)
    return Signatures(load_token(folder), load_identity(folder))


@pytest.fixture
def management(state_dir: Path, running: RunningWorkspace) -> str:
    """The address of model management."""
    return f"{running.http_url}/modelmanagement/v1.0{workspace_path(load_identity(folder_of(state_dir)))}"


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer a.b.c", "Basic eDp5", "Bearer é"])
def test_control_plane_needs_the_token(
    management: str, running: RunningWorkspace, header: str | None
) -> None:
    headers = {} if header is None else {b"Authorization": header.encode()}
    addresses = ("models", "services", "services/adder/listkeys", "operations/1", "nowhere")

    for address in addresses:
        assert httpx.get(f"{management}/{address}", headers=headers).status_code == 401
        assert httpx.post(f"{management}/{address}", headers=headers).status_code == 401
    for address in ("/subscriptions", "/yosoku/status", "/"):
        assert httpx.get(running.http_url + address, headers=headers).status_code == 401


def test_token_expires(management: str, signatures: Signatures) -> None:
    fresh, _ = signatures.bearer()
    old, _ = signatures.bearer(now=1_000_000_000)

    assert httpx.get(f"{management}/models", headers={"Authorization": f"Bearer {fresh}"}).status_code == 200
    assert httpx.get(f"{management}/models", headers={"Authorization": f"Bearer {old}"}).status_code == 401


def test_identity_gives_a_token_only_at_its_own_address(state_dir: Path, running: RunningWorkspace) -> None:
    endpoint = sdk_environment(state_dir)["MSI_ENDPOINT"]

    assert httpx.post(endpoint, data={"resource": "x"}).json()["token_type"] == "Bearer"
    assert httpx.post(f"{running.http_url}/MSI/token", data={"resource": "x"}).status_code == 404
    assert httpx.post(f"{running.http_url}/MSI/wrong/token", data={"resource": "x"}).status_code == 401
    assert httpx.get(endpoint).status_code in (401, 404, 405)


def test_foreign_host_is_refused(running: RunningWorkspace) -> None:
    port = running.http_url.rpartition(":")[2]

    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1:1", "127.0.0.1"):
        assert httpx.get(f"{running.http_url}/health", headers={"Host": host}).status_code == 400
        address = f"{running.http_url}/scoring/adder/score"
        assert httpx.post(address, headers={"Host": host}).status_code == 400
    assert httpx.get(f"{running.http_url}/health", headers={"Host": f"localhost:{port}"}).status_code == 200


def test_blob_opens_only_with_its_own_signature(running: RunningWorkspace, signatures: Signatures) -> None:
    mine, other = "LocalUpload/mine/a.bin", "LocalUpload/mine/b.bin"
    address = f"{running.http_url}/azureml/{blob_name(mine)}"

    def status(method: str, query: str) -> int:
        return httpx.request(method, f"{address}?{query}", content=b"content").status_code

    for query in (
        "",
        "sig=",
        signatures.sas(other, "w"),
        signatures.sas(mine, "r"),
        signatures.sas(mine, "w", now=1_000_000_000 - SAS_SECONDS),
        signatures.sas(mine, "w").replace("sig=", "sig=A"),
        signatures.sas(mine, "r").replace("sp=r", "sp=w"),
    ):
        assert status("PUT", query) == 403
    assert status("GET", signatures.sas(mine, "r")) == 404
    assert status("PUT", signatures.sas(mine, "w")) == 201
    assert status("GET", signatures.sas(mine, "r")) == 200
    assert status("GET", signatures.sas(other, "r")) == 403


def test_damaged_upload_is_refused(running: RunningWorkspace, signatures: Signatures) -> None:
    artifact = "LocalUpload/damaged/a.bin"
    address = f"{running.http_url}/azureml/{blob_name(artifact)}?{signatures.sas(artifact, 'w')}"

    answer = httpx.put(address, content=b"content", headers={"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="})

    assert answer.status_code == 400
    assert "Md5Mismatch" in answer.text
    assert httpx.get(address).status_code == 404


def test_download_answers_ranges(running: RunningWorkspace, signatures: Signatures) -> None:
    artifact = "LocalUpload/ranged/a.bin"
    address = f"{running.http_url}/azureml/{blob_name(artifact)}?{signatures.sas(artifact, 'w')}"
    httpx.put(address, content=b"0123456789")

    part = httpx.get(address, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert httpx.head(address).headers["content-length"] == "10"


def test_state_is_private_and_loopback_only(
    state_dir: Path, running: RunningWorkspace, sdk: Sdk, adder: str
) -> None:
    root = state_dir / "workspace"
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    for name in (
        "token",
        "server.json",
        "workspace.json",
        "workspace.db",
        "server.log",
        "tls/ca.key",
        "tls/server.key",
    ):
        assert stat.S_IMODE((root / name).stat().st_mode) == 0o600, name

    workspace = psutil.Process(running.pid)
    for process in [workspace, *workspace.children(recursive=True)]:
        for connection in process.net_connections("inet"):
            assert connection.laddr.ip == "127.0.0.1"


def test_log_has_no_secret(
    state_dir: Path, running: RunningWorkspace, sdk: Sdk, adder: str, signatures: Signatures
) -> None:
    keys = sdk("keys", service=adder)
    log = (state_dir / "workspace" / "server.log").read_text()

    assert '"message": "serving"' in log
    for secret in (load_token(folder_of(state_dir)), signatures.identity_secret, *keys, "sig="):
        assert secret not in log


def test_unknown_routes_and_bad_bodies_are_never_a_server_error(
    management: str, signatures: Signatures, running: RunningWorkspace
) -> None:
    headers = {"Authorization": f"Bearer {signatures.bearer()[0]}"}
    bodies: tuple[bytes, ...] = (
        b"",
        b"null",
        b"[]",
        b"{",
        b'{"name": 7}',
        b'{"name": "x", "artifacts": 3}',
        b"\xff",
    )
    addresses = (
        "assets",
        "models",
        "models/nobody:1",
        "services",
        "services/validate",
        "services/validate/name/x",
        "services/validate/resource",
        "services/nobody",
        "services/nobody/regenerateKeys",
        "packages",
    )
    with httpx.Client(headers=headers) as client:
        for address, body in itertools.product(addresses, bodies):
            for method in ("POST", "PATCH", "PUT", "GET", "DELETE"):
                answer = client.request(method, f"{management}/{address}", content=body)
                assert answer.status_code < 500, (method, address, body)
                assert "LocalWorkspaceFault" not in answer.text, (method, address, body)
    assert httpx.get(f"{management}/models?$skipToken=x&count=0", headers=headers).status_code == 400
