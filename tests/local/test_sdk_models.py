"""Models through the real SDK: register, versions, tags, filters, paging, download, change, delete."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import httpx
import pytest

from tests.local.conftest import Sdk, SdkError


def test_registry_numbers_versions_and_never_reuses_one(sdk: Sdk) -> None:
    ids = [sdk("register", name="numbered", path="outputs/models")["id"] for _ in range(3)]
    assert ids == ["numbered:1", "numbered:2", "numbered:3"]

    sdk("delete_model", name="numbered", version=3)
    assert sdk("register", name="numbered", path="outputs/models")["id"] == "numbered:4"
    assert sdk("model", name="numbered")["version"] == 4
    assert sdk("model", name="numbered", version=1)["id"] == "numbered:1"


def test_unknown_model_is_not_found(sdk: Sdk) -> None:
    with pytest.raises(SdkError, match="ModelNotFound"):
        sdk("model", name="nobody")
    with pytest.raises(SdkError, match="ModelNotFound"):
        sdk("model", name="nobody", version=7)
    with pytest.raises(SdkError, match="ModelNotFound"):
        sdk("model", id="no such id")


def test_list_filters(sdk: Sdk) -> None:
    made = (
        ("filtered-a", {"region": "eu", "reviewed": "yes"}, {"run": "1"}, "Custom"),
        ("filtered-a", {"region": "eu"}, {"run": "2"}, "Custom"),
        ("filtered-b", {"region": "us"}, {"run": "3"}, "Onnx"),
    )
    for name, tags, properties, framework in made:
        sdk(
            "register",
            name=name,
            path="outputs/models",
            tags=tags,
            properties=properties,
            model_framework=framework,
        )

    def ids(**wanted: object) -> list[str]:
        return [model["id"] for model in sdk("models", **wanted)]

    assert ids(name="filtered-a") == ["filtered-a:2", "filtered-a:1"]
    assert ids(name="filtered-a", latest=True) == ["filtered-a:2"]
    assert ids(tags=["reviewed"]) == ["filtered-a:1"]
    assert ids(tags=[["region", "eu"]]) == ["filtered-a:2", "filtered-a:1"]
    assert ids(tags=[["region", "eu"], "reviewed"]) == ["filtered-a:1"]
    assert ids(properties=[["run", "3"]]) == ["filtered-b:1"]
    assert ids(model_framework="Onnx") == ["filtered-b:1"]
    assert ids(name="filtered-a", run_id="none") == []


def test_pages_follow_each_other(sdk: Sdk, wire: httpx.Client) -> None:
    sdk("register", name="paged", path="outputs/models")
    first = wire.get("models", params={"name": "paged"}).json()["value"][0]
    for _ in range(44):
        assert wire.post("models", json={"name": "paged", "url": first["url"]}).status_code == 200

    versions = [model["version"] for model in sdk("models", name="paged", page_count=20)]

    assert versions == list(range(45, 0, -1))


def test_tags_properties_and_description_change(sdk: Sdk) -> None:
    sdk("register", name="changed", path="outputs/models", tags={"stage": "new"}, description="first")

    after = sdk(
        "change_model",
        name="changed",
        tags={"stage": "reviewed", "by": "予測"},
        properties={"source": "run 7"},
        description="second",
    )

    assert after["tags"] == {"stage": "reviewed", "by": "予測"}
    assert after["properties"]["source"] == "run 7"
    assert after["description"] == "second"
    assert sdk("remove_tag", name="changed", tag="stage")["tags"] == {"by": "予測"}


def test_download_gives_back_every_file(sdk: Sdk, work: Path, tmp_path: Path) -> None:
    folder = work / "many"
    (folder / "déep er").mkdir(parents=True)
    for number in range(118):
        (folder / f"part-{number:03}.bin").write_bytes(os.urandom(300))
    (folder / "empty.bin").write_bytes(b"")
    (folder / "déep er" / "weights #1 100%.bin").write_bytes(b"weights")

    registered = sdk("register", name="many", path="many")
    sdk("download", name="many", version=registered["version"], target=str(tmp_path))

    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    got = {
        path.relative_to(tmp_path / "many"): path.read_bytes()
        for path in (tmp_path / "many").rglob("*")
        if path.is_file()
    }
    assert len(got) == 120
    assert got == before


def test_large_model_goes_in_blocks_and_comes_back_whole(
    sdk: Sdk, work: Path, tmp_path: Path, state_dir: Path
) -> None:
    content = os.urandom(1 << 20) * 70
    (work / "large.bin").write_bytes(content)

    registered = sdk("register", name="large", path="large.bin")
    path = Path(sdk("download", name="large", version=registered["version"], target=str(tmp_path)))

    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(content).digest()
    artifacts = state_dir / "workspace" / "artifacts"
    assert list((artifacts / "partial").iterdir()) == []
    sdk("delete_model", name="large")
    assert all(found.stat().st_size < len(content) for found in artifacts.rglob("*") if found.is_file())


def test_model_in_use_is_refused_with_a_readable_sentence(sdk: Sdk, adder: str, base_model: str) -> None:
    with pytest.raises(SdkError) as refused:
        sdk("delete_model", name="base", version=int(base_model.rpartition(":")[2]))

    assert "412" in refused.value.message
    assert "Model base:1 is in use by web service 'adder'." in refused.value.message
    assert "object at 0x" not in refused.value.message
    assert sdk("model", id=base_model)["id"] == base_model
