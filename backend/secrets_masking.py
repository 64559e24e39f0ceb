"""Secrets in text that somebody else wrote: a log, an error, an address."""

from __future__ import annotations

import re

MASK = "••••"
# Each pattern has the words that tell a secret, and then the secret itself, which alone is masked.
PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Authorization: Bearer …, and what a client library prints of it
        r"(?P<told>\b(?:bearer|basic|sharedaccesssignature)[ \t]+)(?P<secret>[A-Za-z0-9._~+/%=&-]{8,})",
        # …?sv=…&sig=… of a shared access signature
        r"(?P<told>[?&](?:sig|code|token|access_token|subscription-key)=)(?P<secret>[^&\s\"'<>]+)",
        # AccountKey=…; SharedAccessKey=… of a connection string
        (
            r"(?P<told>\b(?:AccountKey|SharedAccessKey|SharedSecretIssuerKey|InstrumentationKey)\s*=\s*)"
            r"(?P<secret>[^;\s\"']+)"
        ),
        # "primaryKey": "…", api_key = …, PASSWORD: …, also with a prefix (AZURE_CLIENT_SECRET=…)
        (
            r"(?P<told>\b[\w-]*(?:(?:primary|secondary|api|access|account|storage|private|shared)[_-]?key|"
            r"password|passwd|secret|access[_-]?token|refresh[_-]?token|auth[_-]?token)[\"']?\s*[:=]\s*[\"']?)"
            r"(?P<secret>[^\s\"',;&}{\]\[()]{4,})"
        ),
        # user:password@ in an address
        r"(?P<told>\b[a-z][a-z0-9+.-]*://[^\s/:@\"']*:)(?P<secret>[^\s/@\"']+)(?=@)",
        # a JSON web token, wherever it stands
        r"(?P<told>\b)(?P<secret>eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*)",
    )
)


def mask(text: str, known: tuple[str, ...] = ()) -> str:
    """The text with everything that looks like a secret masked, and each of the `known` secrets.

    Masking twice changes nothing more.
    """
    for secret in sorted((one for one in known if one), key=len, reverse=True):
        text = text.replace(secret, MASK)
    for pattern in PATTERNS:
        text = pattern.sub(lambda match: match["told"] + MASK, text)
    return text
