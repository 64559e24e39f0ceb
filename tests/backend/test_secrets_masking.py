"""Secrets in text that somebody else wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.secrets_masking import MASK, mask

KEY = "q8Zt0vLrW3xN5yB7cD1eF4gH6jK9mP2s"


@pytest.mark.parametrize(
    "line",
    [
        f"POST /score Authorization: Bearer {KEY}",
        f"headers={{'Authorization': 'Bearer {KEY}'}}",
        f"GET https://store.blob.core.windows.net/m/model.pkl?sv=2023-01-03&sig={KEY}%3D&se=2026",
        f"DefaultEndpointsProtocol=https;AccountName=store;AccountKey={KEY}==;EndpointSuffix=core.windows.net",
        f"InstrumentationKey={KEY};IngestionEndpoint=https://example.com",
        f'{{"primaryKey": "{KEY}", "name": "demand"}}',
        f"api_key={KEY}",
        f"AZURE_CLIENT_SECRET={KEY}",
        f"password: {KEY}",
        f"sqlalchemy.exc.OperationalError: postgresql://reader:{KEY}@db:5432/sales",
        f"token eyJhbGciOiJSUzI1NiJ9.{KEY}.{KEY}",
    ],
)
def test_a_secret_is_masked_and_the_rest_stays(line: str) -> None:
    masked = mask(line)
    assert KEY not in masked
    assert MASK in masked
    assert masked.split(MASK)[0] == line[: len(masked.split(MASK)[0])], "what stands before it is untouched"


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22 10:00:00 INFO root: init() took 0.6 s",
        "KeyError: 'horizon'",
        "ModuleNotFoundError: No module named 'prophet'",
        "Users's script has been loaded successfully; key frames: 3",
        "GET /score?horizon=28&levels=80",
        "https://127.0.0.1:6789/scoring/demand/score",
        "",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert mask(line) == line


def test_a_known_key_is_masked_wherever_it_stands() -> None:
    assert mask(f"here it is ({KEY})", (KEY, "")) == f"here it is ({MASK})"


@given(st.text(max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(st.from_regex(r"[A-Za-z0-9+/]{16,64}", fullmatch=True), st.text(max_size=40))
def test_a_bearer_token_never_survives(token: str, before: str) -> None:
    assert token not in mask(f"{before} Bearer {token}").replace(before, "", 1)
