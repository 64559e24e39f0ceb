"""Which variables of the workspace's own process its children get: those of the machine, none of the app."""

from __future__ import annotations

import os
from pathlib import Path

_PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)
_PREFIXES = ("LC_", "UV_", "PIP_")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def host_variables(state: Path) -> dict[str, str]:
    """The machine's variables, without certificate bundles below `state`: those trust the workspace only."""
    passed = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PREFIXES)
    }
    for name in _BUNDLES:
        if name in passed and Path(passed[name]).resolve().is_relative_to(state.resolve()):
            del passed[name]
    return passed
