"""A process with the real SDK in it: reads {"call", "arguments"} lines, answers with what `sdk_calls` gave.

The SDK reads its cloud once, on import, so it can't be in the tests' own process; and importing it for each
test would take longer than the tests.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys

from tests.local import sdk_calls


def main() -> None:
    answers = sys.stdout
    for line in sys.stdin:
        asked = json.loads(line)
        printed = io.StringIO()
        answer: dict[str, object] = {}
        with contextlib.redirect_stdout(printed):
            try:
                answer["value"] = getattr(sdk_calls, asked["call"])(**asked["arguments"])
            except Exception as error:
                answer["error"] = {"type": type(error).__name__, "message": str(error)}
        answer["printed"] = printed.getvalue()
        answers.write(json.dumps(answer, default=str) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
