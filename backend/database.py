"""What databases by URL have in common: how long to wait, and the words of their errors, without secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    from sqlalchemy import URL

EVIDENCE = 500  # characters
CONNECT_SECONDS = 10


def parse_url(url: str) -> URL | None:
    """The parts of a database's URL; None where it is none."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        return None


def connect_arguments(url: URL, *, statement_seconds: int | None = None) -> dict[str, object]:
    """What keeps a connection from waiting for ever, for the drivers whose words for it are known."""
    if url.drivername not in ("postgresql+psycopg", "postgresql+psycopg2", "postgresql"):
        return {}
    found: dict[str, object] = {"connect_timeout": CONNECT_SECONDS}
    if statement_seconds is not None:
        found["options"] = f"-c statement_timeout={statement_seconds * 1000}"
    return found


def said(error: BaseException, url: str) -> str:
    """What the database's driver said, free of the URL's password and of the statement that was sent."""
    inner: BaseException = error
    while inner.__cause__ is not None:
        inner = inner.__cause__
    words = str(getattr(inner, "orig", None) or inner).strip()
    parsed = parse_url(url)
    secrets = {url}
    if parsed is not None:
        kept = [parsed.password, *(value for key, value in parsed.query.items() if "pass" in key.lower())]
        secrets |= {str(secret) for secret in kept if secret}
    for secret in sorted(secrets, key=len, reverse=True):
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            words = words.replace(form, "***")
    return words[:EVIDENCE]
