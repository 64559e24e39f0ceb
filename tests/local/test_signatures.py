"""Bearer tokens and shared access signatures."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.local.signatures import SAS_SECONDS, TOKEN_SECONDS, Permission, Signatures
from backend.local.state import Identity

NOW = 1_800_000_000.0
IDENTITY = Identity(subscription_id="s", workspace_id="w")
SIGNATURES = Signatures("t" * 64, IDENTITY)
OTHERS = Signatures("u" * 64, IDENTITY)


def test_bearer_is_good_until_it_expires() -> None:
    bearer, expires = SIGNATURES.bearer(NOW)

    assert expires == NOW + TOKEN_SECONDS
    assert SIGNATURES.accepts_bearer(f"Bearer {bearer}", NOW)
    assert SIGNATURES.accepts_bearer(f"bearer {bearer}", expires - 1)
    assert not SIGNATURES.accepts_bearer(f"Bearer {bearer}", expires)
    assert not OTHERS.accepts_bearer(f"Bearer {bearer}", NOW)
    assert SIGNATURES.accepts_bearer("Bearer " + "t" * 64)


@given(st.text(max_size=80))
def test_no_other_text_is_a_bearer(text: str) -> None:
    assert not SIGNATURES.accepts_bearer(f"Bearer {text}", NOW)
    assert not SIGNATURES.accepts_bearer(text, NOW)


def test_bearer_without_algorithm_is_refused() -> None:
    bearer, _ = SIGNATURES.bearer(NOW)
    _, claims, _ = bearer.split(".")

    assert not SIGNATURES.accepts_bearer(f"Bearer eyJhbGciOiJub25lIn0.{claims}.", NOW)


@given(artifact=st.text(min_size=1, max_size=200), permission=st.sampled_from(["r", "w"]))
def test_signature_opens_its_artifact_for_its_permission(artifact: str, permission: Permission) -> None:
    query = SIGNATURES.sas(artifact, permission, NOW)

    assert SIGNATURES.accepts_sas(artifact, permission, query, NOW)
    assert SIGNATURES.accepts_sas(artifact, "r", query, NOW)
    assert SIGNATURES.accepts_sas(artifact, "w", query, NOW) == (permission == "w")
    assert not SIGNATURES.accepts_sas(f"{artifact}x", permission, query, NOW)
    assert not SIGNATURES.accepts_sas(artifact, permission, query, NOW + SAS_SECONDS)
    assert not OTHERS.accepts_sas(artifact, permission, query, NOW)


@pytest.mark.parametrize("field", ["sp", "se", "sig"])
@given(value=st.text(max_size=20))
def test_changed_signature_opens_nothing(field: str, value: str) -> None:
    fields = {name: values[0] for name, values in parse_qs(SIGNATURES.sas("a/b/c", "r", NOW)).items()}
    if fields[field] == value:
        return
    changed = urlencode({**fields, field: value})

    assert not SIGNATURES.accepts_sas("a/b/c", "r", changed, NOW)


def test_proof_answers_one_challenge() -> None:
    assert SIGNATURES.accepts_proof("one", SIGNATURES.proof("one"))
    assert not SIGNATURES.accepts_proof("two", SIGNATURES.proof("one"))
    assert not SIGNATURES.accepts_proof("one", OTHERS.proof("one"))
