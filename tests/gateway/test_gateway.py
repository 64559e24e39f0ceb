"""The gateway in front of real web servers: who answers, with which key, and that no request is lost."""

from __future__ import annotations

import stat
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from backend import revisions
from backend.addresses import Route
from backend.gateway.application import Gateway
from backend.gateway.directory import Directory, Place
from backend.gateway.forwarding import Forwarder
from backend.gateway.keys import KeyFile
from backend.history import History
from backend.history.schema import mirrored_answers
from tests.gateway.endpoints import AnswerBack, serving

CONTROL = "the application's"
BODY = {"horizon": 7}


@dataclass
class Setting:
    """A gateway over two endpoints."""

    url: str
    history: History
    keys: KeyFile
    blue: AnswerBack
    green: AnswerBack
    places: dict[str, Place]
    asked: Counter[str]

    def post(self, address: str = "demand", **more: object) -> httpx.Response:
        """A request with the gateway's primary key."""
        headers = {"Authorization": f"Bearer {self.keys.keys().primary}", **more.pop("headers", {})}  # type: ignore[dict-item]
        content = {"json": BODY} if "content" not in more else {}
        return httpx.post(f"{self.url}/{address}/score", headers=headers, timeout=20, **content, **more)  # type: ignore[arg-type]


@pytest.fixture
def setting(tmp_path: Path) -> Iterator[Setting]:
    history = History(f"sqlite:///{tmp_path / 'yosoku.db'}")
    revisions.create_address(history, "demand", "blue")
    keys = KeyFile(tmp_path / "gateway")
    blue, green = AnswerBack("blue", "k-blue"), AnswerBack("green", "k-green")
    asked: Counter[str] = Counter()
    with serving(blue) as at_blue, serving(green) as at_green:
        places = {
            "blue": Place("blue", f"{at_blue}/score", "k-blue"),
            "green": Place("green", f"{at_green}/score", "k-green"),
        }

        def ask(name: str) -> Place:
            asked[name] += 1
            return places[name]

        forwarder = Forwarder(Directory(ask), seconds=2.0, through_proxy=False)
        gateway = Gateway(history, forwarder, keys, control=CONTROL, max_body=3_000_000)
        with serving(gateway, "on") as url:
            yield Setting(url, history, keys, blue, green, places, asked)
    history.engine.dispose()


def test_an_answer_tells_its_endpoint_and_revision(setting: Setting) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = setting.post(headers={"traceparent": trace, "cookie": "a=b"})
    assert (answer.status_code, answer.json()["endpoint"]) == (200, "blue")
    assert answer.headers["x-yosoku-endpoint"] == "blue"
    assert answer.headers["x-yosoku-revision"] == "1"
    assert "keep-alive" not in answer.headers
    came = setting.blue.received[0]
    assert came["authorization"] == "Bearer k-blue"
    assert came["traceparent"] == trace
    assert "cookie" not in came


def test_the_address_tells_where_it_leads(setting: Setting) -> None:
    headers = {"Authorization": f"Bearer {setting.keys.keys().secondary}"}
    answer = httpx.get(f"{setting.url}/demand", headers=headers).json()
    assert answer["routes"] == [{"endpoint": "blue", "share": 100}]


@pytest.mark.parametrize(
    ("given", "status"), [({}, 401), ({"Authorization": "Bearer wrong"}, 401), ({"Authorization": "k"}, 401)]
)
def test_without_the_key_nobody_learns_anything(setting: Setting, given: dict[str, str], status: int) -> None:
    for address in ("demand", "unknown"):
        answer = httpx.post(f"{setting.url}/{address}/score", json=BODY, headers=given)
        assert answer.status_code == status
        assert "key" in answer.json()["message"]
    assert not setting.blue.received


def test_a_rotated_key_counts_from_the_next_request_on(setting: Setting, tmp_path: Path) -> None:
    old = setting.keys.keys()
    new = KeyFile(tmp_path / "gateway").rotate("primary")
    assert new.secondary == old.secondary
    url = f"{setting.url}/demand/score"
    statuses = [
        httpx.post(url, json=BODY, headers={"Authorization": f"Bearer {key}"}).status_code
        for key in (old.primary, new.primary, new.secondary)
    ]
    assert statuses == [401, 200, 200]
    assert stat.S_IMODE((tmp_path / "gateway" / "keys.json").stat().st_mode) == 0o600
    assert old.primary not in repr(old)


def test_two_who_make_the_keys_at_once_have_the_same(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def keys() -> str:
        together.wait()
        return KeyFile(tmp_path).keys().primary

    with ThreadPoolExecutor(8) as pool:
        assert len({made.result() for made in [pool.submit(keys) for _ in range(8)]}) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_what_is_wrong_is_said(setting: Setting) -> None:
    assert setting.post("unknown").status_code == 404
    assert setting.post(content=b"x" * 3_000_001).status_code == 413
    revisions.record(setting.history, "demand", "replace", [Route("gone")])
    setting.places["gone"] = Place("gone", "http://127.0.0.1:9/score", "k")
    unreachable = setting.post()
    assert unreachable.status_code == 502
    assert "gone" in unreachable.json()["message"]


def test_an_endpoint_that_does_not_answer_in_time_is_504(setting: Setting) -> None:
    setting.blue.held.set()
    try:
        assert setting.post().status_code == 504
    finally:
        setting.blue.held.clear()


def test_a_large_body_passes_whole(setting: Setting) -> None:
    assert setting.post(content=b"x" * 2_500_000).json()["length"] == 2_500_000


def test_keys_that_changed_are_asked_for_anew_once(setting: Setting) -> None:
    setting.post()
    setting.blue.key = "k-new"
    refused = setting.post()
    assert refused.status_code == 502
    assert "k-blue" not in refused.text
    setting.places["blue"] = Place("blue", setting.places["blue"].scoring_uri, "k-new")
    before = setting.asked["blue"]
    assert setting.post().status_code == 200
    assert setting.asked["blue"] <= before + 1


def test_shares_are_kept_to(setting: Setting) -> None:
    revisions.record(setting.history, "demand", "share", [Route("blue", 70), Route("green", 30)])
    answered = Counter(setting.post().headers["x-yosoku-endpoint"] for _ in range(100))
    assert abs(answered["green"] - 30) <= 2


def test_a_switch_counts_for_the_next_request_and_the_drain_waits_for_the_last(setting: Setting) -> None:
    setting.blue.held.set()
    drained: list[httpx.Response] = []
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(setting.post)
        assert setting.blue.arrived.wait(5)
        revisions.record(setting.history, "demand", "replace", [Route("green")])
        assert setting.post().headers["x-yosoku-endpoint"] == "green"
        waiting = threading.Thread(target=lambda: drained.append(_drain(setting, "blue")))
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
        setting.blue.held.clear()
        waiting.join(5)
        assert slow.result().json()["endpoint"] == "blue"
    assert drained[0].json() == {"drained": True, "under_way": 0}


def _drain(setting: Setting, endpoint: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {CONTROL}"}
    return httpx.get(f"{setting.url}/-/drained/{endpoint}", headers=headers, timeout=20)


def test_only_the_application_may_drain(setting: Setting) -> None:
    key = {"Authorization": f"Bearer {setting.keys.keys().primary}"}
    assert httpx.get(f"{setting.url}/-/drained/blue", headers=key).status_code == 401


def test_switching_back_and_forth_under_load_loses_no_request(setting: Setting) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(setting.post) for _ in range(100)]
        for turn in range(10):
            revisions.record(setting.history, "demand", "replace", [Route(("green", "blue")[turn % 2])])
        assert {answer.result().status_code for answer in answers} == {200}


def test_a_mirror_neither_delays_nor_fails_the_caller(
    setting: Setting, until: Callable[[Callable[[], bool]], None]
) -> None:
    revisions.record(setting.history, "demand", "mirror", [Route("blue")], mirror="green")
    setting.green.held.set()
    assert setting.post().json()["endpoint"] == "blue"  # although the mirror has not answered
    setting.green.held.clear()
    until(lambda: len(_mirrored(setting)) == 1)
    setting.green.status = 500
    assert setting.post().status_code == 200
    until(lambda: len(_mirrored(setting)) == 2)
    first, second = _mirrored(setting)
    assert (first.answer["endpoint"], first.mirror_answer["endpoint"]) == ("blue", "green")
    assert (first.status, first.mirror_status, second.mirror_status) == (200, 200, 500)


def _mirrored(setting: Setting) -> list:  # type: ignore[type-arg]
    with setting.history.engine.connect() as connection:
        return list(connection.execute(select(mirrored_answers).order_by(mirrored_answers.c.id)))
