"""JSON patches as the SDK sends them: add, replace and remove at a path of at most two names."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from backend.local.wire import WireError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def apply_patch(document: Mapping[str, Any], patch: object, allowed: Collection[str]) -> dict[str, Any]:
    """A changed copy of `document`; a `WireError` (400) names the operation that can't be done.

    `allowed` holds the top-level names that may be changed; below them one more name may follow
    (`/properties/key`).
    """
    if not isinstance(patch, list):
        raise WireError(400, "InvalidPatch", "The patch must be a list of operations.")
    changed = copy.deepcopy(dict(document))
    for item in patch:
        operation = item.get("op") if isinstance(item, dict) else None
        path = item.get("path") if isinstance(item, dict) else None
        if (
            operation not in ("add", "replace", "remove")
            or not isinstance(path, str)
            or not path.startswith("/")
        ):
            raise WireError(400, "InvalidPatch", f"This patch operation isn't understood: {item!r:.200}")
        names = [name.replace("~1", "/").replace("~0", "~") for name in path[1:].split("/")]
        if names[0] not in allowed or len(names) > 2:
            names_allowed = ", ".join(f"/{name}" for name in sorted(allowed))
            raise WireError(400, "InvalidPatch", f"'{path}' can't be changed here; only {names_allowed} can.")
        _change(changed, names, operation, item.get("value"))
    return changed


def _change(document: dict[str, Any], names: list[str], operation: str, value: Any) -> None:
    target = document
    if len(names) == 2:
        inner = target.get(names[0])
        target[names[0]] = target = dict(inner) if isinstance(inner, dict) else {}
    if operation == "remove":
        target.pop(names[-1], None)
    else:
        target[names[-1]] = value
