"""Pure rules of the wire: filters, patches, artifact names, block lists, request bounds, faults, logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import InvalidInput
from backend.local.artifacts import checked_id
from backend.local.blob_files import artifact_of, blob_name
from backend.local.blobs import block_list
from backend.local.environments import normalized
from backend.local.faults import Faults, entry_script, read_faults
from backend.local.patching import apply_patch
from backend.local.records import Service
from backend.local.service_requests import checked_name, checked_quota, checked_resources
from backend.local.tails import tail
from backend.local.wire import WireError, matches_filter


@pytest.mark.parametrize(
    ("given_filter", "matches"),
    [
        ("", True),
        (None, True),
        ("a", True),
        ("a=1", True),
        ("a=1,b", True),
        ("a=1,b=x=y", True),
        ("a=2", False),
        ("c", False),
        ("a,c", False),
    ],
)
def test_filter(given_filter: str | None, matches: bool) -> None:
    assert matches_filter(given_filter, {"a": "1", "b": "x=y"}) is matches


def test_patch_changes_a_copy() -> None:
    document = {"kvTags": {"a": "1"}, "properties": None, "name": "n"}

    changed = apply_patch(
        document,
        [
            {"op": "replace", "path": "/kvTags", "value": {"b": "2"}},
            {"op": "add", "path": "/properties/x~1y", "value": "3"},
            {"op": "remove", "path": "/kvTags/b"},
        ],
        ("kvTags", "properties"),
    )

    assert changed == {"kvTags": {}, "properties": {"x/y": "3"}, "name": "n"}
    assert document == {"kvTags": {"a": "1"}, "properties": None, "name": "n"}


@pytest.mark.parametrize(
    "patch",
    [
        {},
        None,
        [3],
        [{"op": "move", "path": "/kvTags"}],
        [{"op": "add", "path": "kvTags"}],
        [{"op": "add", "path": "/name", "value": "x"}],
        [{"op": "add", "path": "/kvTags/a/b", "value": "x"}],
    ],
)
def test_patch_that_is_not_allowed(patch: object) -> None:
    with pytest.raises(WireError) as refused:
        apply_patch({"name": "n"}, patch, ("kvTags",))
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "path", ["", "/", "../x", "a/../../x", "/etc/passwd", "a//b", "a/./b", "a\0b", "a\\..\\b"]
)
def test_artifact_path_that_leaves_its_folder(path: str) -> None:
    with pytest.raises(WireError):
        checked_id("LocalUpload", "c", path)


@given(st.text(min_size=1, max_size=100))
def test_blob_name_needs_no_quoting_and_comes_back(artifact: str) -> None:
    name = blob_name(artifact)

    assert name.isascii()
    assert all(letter.isalnum() or letter in "-_" for letter in name)
    assert artifact_of(name) == artifact


def test_block_list() -> None:
    body = b"<?xml version='1.0'?><BlockList><Latest>YQ==</Latest><Latest>Yg==</Latest></BlockList>"
    assert block_list(body) == ["YQ==", "Yg=="]
    for bad in (b"", b"<BlockList>", b"<!DOCTYPE x [<!ENTITY a 'b'>]><BlockList/>"):
        with pytest.raises(WireError):
            block_list(bad)


@given(st.from_regex(r"[a-z]([-a-z0-9]{1,30}[a-z0-9])", fullmatch=True))
def test_service_names(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 33, "Abc", "1bc", "abc-", "a_c", "a c", "äbc", None, 3, "abc\n"]
)
def test_bad_service_names(name: object) -> None:
    with pytest.raises(WireError, match="name must have 3 to 32"):
        checked_name(name)


def test_resources_have_defaults_and_bounds() -> None:
    assert checked_resources(None) == {"cpu": 0.1, "memoryInGB": 0.5}
    assert checked_resources({"cpu": 4, "memoryInGB": 16}) == {"cpu": 4.0, "memoryInGB": 16.0}
    for wrong in (0, 0.09, 4.1, "1", True, float("nan")):
        with pytest.raises(WireError, match=r"cpu_cores must be a number from 0\.1 to 4"):
            checked_resources({"cpu": wrong})


def test_quota_counts_the_other_services() -> None:
    requirements = {"containerResourceRequirements": {"cpu": 1.5}}
    services = [Service(name, "running", 0, 0, "", "", request=requirements) for name in ("one", "two")]

    checked_quota(Faults(), services, "three", 4)
    checked_quota(Faults(quota_cores=4), services, "three", 1)
    checked_quota(Faults(quota_cores=4), services, "two", 2.5)
    with pytest.raises(WireError, match="Limit: '4', Usage: '3' Requested: '2'"):
        checked_quota(Faults(quota_cores=4), services, "three", 2)


def test_faults_come_from_the_file_and_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    assert read_faults(path) == Faults()
    path.write_text(json.dumps({"slow_build": 2, "quota_cores": "3", "entry": "crash_loop"}))
    assert read_faults(path) == Faults(slow_build=2.0, quota_cores=3.0, entry="crash_loop")
    broken: tuple[object, ...] = (
        {"nonsense": 1},
        {"slow_build": "x"},
        {"slow_build": -1},
        {"entry": "x"},
        [],
    )
    for wrong in broken:
        path.write_text(json.dumps(wrong))
        with pytest.raises(InvalidInput):
            read_faults(path)


@pytest.mark.parametrize("fault", ["failing_init", "crash_loop", "out_of_memory"])
def test_fault_scripts_are_python(fault: str) -> None:
    compile(entry_script(fault), "entry.py", "exec")  # type: ignore[arg-type]


def test_environment_is_compared_without_its_deployment() -> None:
    sent = {"Name": "x", "python": {"a": 1}, "EnvironmentVariables": {"A": "1", "AZUREML_ENTRY_SCRIPT": "s"}}

    assert normalized(sent)["environmentVariables"] == {"A": "1"}
    assert normalized({"Python": {"a": 1}})["python"] == {"a": 1}


@given(lines=st.lists(st.text("ab é", max_size=30), max_size=50), wanted=st.integers(0, 60))
def test_tail_is_the_last_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], wanted: int
) -> None:
    path = tmp_path_factory.mktemp("tail") / "log"
    assert tail(path, wanted) == ""
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    assert tail(path, wanted) == "".join(f"{line}\n" for line in (lines[-wanted:] if wanted else []))


def test_tail_of_a_long_log_reads_over_blocks(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"line {number:06} {'x' * 50}\n" for number in range(5000)))

    assert tail(path, 3000).splitlines()[0].startswith("line 002000")
