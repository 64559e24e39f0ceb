"""What proves who asks: the control plane's bearer token, and one artifact's shared access signature.

Both are HMAC-SHA256 under keys derived from the workspace's token file. Every comparison takes constant time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qs, urlencode

if TYPE_CHECKING:
    from backend.local.state import Identity

Permission = Literal["r", "w"]

TOKEN_SECONDS = 3600
SAS_SECONDS = 6 * 3600
SAS_VERSION = "2021-08-06"


class Signatures:
    """Issues and checks everything that is signed with the workspace's token."""

    def __init__(self, token: str, identity: Identity) -> None:
        self._token = token
        self._identity = identity
        self._bearer_key = self._derive("bearer")
        self._artifact_key = self._derive("artifact")
        self._challenge_key = self._derive("challenge")
        self.identity_secret = self._derive("identity").hex()

    def bearer(self, now: float | None = None) -> tuple[str, int]:
        """A JWT (HS256) that opens the control plane, and its expiry in epoch seconds."""
        issued = int(time.time() if now is None else now)
        expires = issued + TOKEN_SECONDS
        claims = {
            "aud": "https://management.azure.com/",
            "iss": "yosoku-local",
            "iat": issued,
            "exp": expires,
            "tid": self._identity.workspace_id,
            "oid": self._identity.subscription_id,
        }
        header = {"alg": "HS256", "typ": "JWT"}
        signed = ".".join(_encode(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{_encode(_sign(self._bearer_key, signed))}", expires

    def accepts_bearer(self, header: str | None, now: float | None = None) -> bool:
        """Whether an Authorization header holds a JWT of ours that hasn't expired, or the token itself."""
        scheme, _, value = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not value:
            return False
        if hmac.compare_digest(value.encode(), self._token.encode()):
            return True
        signed, _, signature = value.rpartition(".")
        if not hmac.compare_digest(_encode(_sign(self._bearer_key, signed)).encode(), signature.encode()):
            return False
        claims = json.loads(_decode(signed.rpartition(".")[2]))
        return float(claims["exp"]) > (time.time() if now is None else now)

    def sas(self, artifact: str, permission: Permission, now: float | None = None) -> str:
        """The query string that opens one artifact for reading ("r") or writing and reading ("w")."""
        expires = int((time.time() if now is None else now) + SAS_SECONDS)
        return urlencode(
            {
                "sv": SAS_VERSION,
                "sr": "b",
                "sp": permission,
                "se": str(expires),
                "sig": self._artifact_signature(artifact, permission, expires),
            }
        )

    def accepts_sas(
        self, artifact: str, permission: Permission, query: str, now: float | None = None
    ) -> bool:
        """Whether `query` opens `artifact` for `permission` now; a writing signature reads as well."""
        given = {name: values[0] for name, values in parse_qs(query).items()}
        granted, expires, signature = given.get("sp", ""), given.get("se", ""), given.get("sig", "")
        if granted not in ("r", "w") or not (expires.isascii() and expires.isdigit()) or len(expires) > 12:
            return False
        expected = self._artifact_signature(artifact, granted, int(expires))
        matches = hmac.compare_digest(expected.encode(), signature.encode())
        alive = int(expires) > (time.time() if now is None else now)
        return matches and alive and (granted == "w" or permission == "r")

    def proof(self, challenge: str) -> str:
        """The answer to a client's challenge: shows that this server holds the token, without sending it."""
        return _sign(self._challenge_key, challenge).hex()

    def accepts_proof(self, challenge: str, proof: str) -> bool:
        return hmac.compare_digest(self.proof(challenge).encode(), proof.encode())

    def accepts_identity_secret(self, secret: str) -> bool:
        return hmac.compare_digest(self.identity_secret.encode(), secret.encode())

    def _artifact_signature(self, artifact: str, permission: str, expires: int) -> str:
        return _encode(_sign(self._artifact_key, f"{permission}\n{expires}\n{artifact}"))

    def _derive(self, purpose: str) -> bytes:
        return _sign(self._token.encode(), f"yosoku/{purpose}/v1")


def _sign(key: bytes, message: str) -> bytes:
    return hmac.new(key, message.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b"{}"
