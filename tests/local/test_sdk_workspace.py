"""The SDK finds the workspace, by every way that section 1 of the documentation names."""

from __future__ import annotations

import pytest

from tests.local.conftest import Sdk, SdkError


def test_workspace_is_found_by_config_by_name_and_by_constructor(sdk: Sdk) -> None:
    facts = sdk("workspace_facts")

    assert facts["name"] == facts["again"] == facts["constructed"] == "yosoku-local"
    assert facts["listed"] == ["yosoku-local"]
    assert facts["images"] == []
    assert facts["details"]["workspaceid"] or facts["details"]["id"]


def test_unknown_workspace_says_so(sdk: Sdk) -> None:
    with pytest.raises(SdkError, match="not found"):
        sdk("workspace_of", name="another-one")
