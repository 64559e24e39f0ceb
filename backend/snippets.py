"""The same scoring call in other languages; a key shows only as the name of an environment variable."""

from __future__ import annotations

import json
from typing import Literal, get_args

Language = Literal["curl", "python", "csharp"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
KEY_VARIABLE = "ENDPOINT_KEY"


def curl(uri: str, payload: str, authenticated: bool) -> str:
    """A shell command; the payload is quoted for a POSIX shell."""
    lines = [f"curl --fail-with-body {uri}", '--header "Content-Type: application/json"']
    if authenticated:
        lines.append(f'--header "Authorization: Bearer ${KEY_VARIABLE}"')
    quoted = payload.replace("'", "'\\''")
    lines.append(f"--data '{quoted}'")
    return " \\\n  ".join(lines)


def python(uri: str, payload: str, authenticated: bool) -> str:
    """A script that needs requests alone."""
    header = (
        f', headers={{"Authorization": f"Bearer {{os.environ[\'{KEY_VARIABLE}\']}}"}}'
        if authenticated
        else ""
    )
    imports = "import os\n\nimport requests" if authenticated else "import requests"
    return (
        f"{imports}\n\n"
        f"payload = {_python_literal(payload)}\n"
        f'response = requests.post("{uri}", json=payload{header}, timeout=(3, 30))\n'
        "response.raise_for_status()\n"
        "print(response.json())"
    )


def csharp(uri: str, payload: str, authenticated: bool) -> str:
    """A top-level C# program (.NET 6 or later)."""
    key = (
        "client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(\n"
        f'    "Bearer", Environment.GetEnvironmentVariable("{KEY_VARIABLE}"));\n'
        if authenticated
        else ""
    )
    return (
        "using System.Net.Http.Headers;\nusing System.Text;\n\n"
        "using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };\n"
        f"{key}"
        f"var payload = {json.dumps(payload, ensure_ascii=False)};\n"
        'using var content = new StringContent(payload, Encoding.UTF8, "application/json");\n'
        f'using var response = await client.PostAsync("{uri}", content);\n'
        "response.EnsureSuccessStatusCode();\n"
        "Console.WriteLine(await response.Content.ReadAsStringAsync());"
    )


def snippet(language: Language, uri: str, payload: str, authenticated: bool) -> str:
    """The call in one language; `payload` is the request's JSON text."""
    return {"curl": curl, "python": python, "csharp": csharp}[language](uri, payload, authenticated)


def _python_literal(payload: str) -> str:
    try:
        return repr(json.loads(payload))
    except ValueError:
        return repr(payload)
