"""State files and certificates: private, whole, kept."""

from __future__ import annotations

import datetime as dt
import shutil
import ssl
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography import x509

from backend.errors import LocalWorkspaceError
from backend.local.certificates import ensure_certificates
from backend.local.state import (
    folder_of,
    load_identity,
    load_server_record,
    load_token,
    make_private,
    write_atomic,
)
from backend.local.trust import RECORD, subject_hash, write_trust_folder


def test_identity_and_token_are_made_once_and_kept(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    make_private(folder.root)

    assert load_identity(folder) == load_identity(folder)
    assert load_token(folder) == load_token(folder)
    assert len(load_token(folder)) >= 60
    assert stat.S_IMODE(folder.token.stat().st_mode) == 0o600
    other = folder_of(tmp_path / "other")
    make_private(other.root)
    assert load_identity(other).workspace_id != load_identity(folder).workspace_id


def test_unreadable_identity_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    make_private(folder.root)
    folder.identity.write_text("{")

    with pytest.raises(LocalWorkspaceError, match=r"workspace\.json can't be read"):
        load_identity(folder)


def test_record_of_something_else_is_no_record(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    make_private(folder.root)
    assert load_server_record(folder) is None
    folder.server_record.write_text('{"pid": 1}')
    assert load_server_record(folder) is None


def test_atomic_write_leaves_the_old_content_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, "old")

    with pytest.raises(UnicodeEncodeError):
        write_atomic(path, "\ud800")

    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_certificate_is_for_loopback_and_kept(tmp_path: Path) -> None:
    certificate, key = ensure_certificates(tmp_path)
    first = certificate.read_bytes()

    assert ensure_certificates(tmp_path) == (certificate, key)
    assert certificate.read_bytes() == first
    parsed = x509.load_pem_x509_certificate(first)
    names = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["127.0.0.1", "localhost"]
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    parsed.verify_directly_issued_by(authority)
    assert authority.not_valid_after_utc - dt.datetime.now(dt.UTC) > dt.timedelta(days=3000)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in tmp_path.iterdir())


def test_damaged_certificate_is_made_anew(tmp_path: Path) -> None:
    certificate, _ = ensure_certificates(tmp_path)
    certificate.write_text("no certificate")

    ensure_certificates(tmp_path)

    x509.load_pem_x509_certificate(certificate.read_bytes())


def test_trust_folder_holds_ours_the_public_ones_and_the_users(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "ours")
    ensure_certificates(tmp_path / "corporate")
    ours, users = tmp_path / "ours" / "ca.pem", tmp_path / "corporate" / "ca.pem"
    folder = tmp_path / "trust"

    write_trust_folder(folder, ours, [users])

    contents = b"".join(path.read_bytes() for path in folder.iterdir())
    der = [ssl.PEM_cert_to_DER_cert(path.read_text()) for path in (ours, users)]
    held = [ssl.PEM_cert_to_DER_cert(path.read_text()) for path in folder.iterdir() if path.name != RECORD]
    assert set(der) <= set(held)
    assert len(held) > 100
    # both have the same subject, so the same name with another number
    assert {path.suffix for path in folder.glob(f"{subject_hash(der[0])}.*")} == {".0", ".1"}

    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    write_trust_folder(folder, ours, [users])
    write_trust_folder(folder, ours, [folder])
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert contents == b"".join(path.read_bytes() for path in folder.iterdir())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="compares with the openssl command")
def test_trust_folder_has_the_names_that_openssl_looks_for(tmp_path: Path) -> None:
    ensure_certificates(tmp_path / "ours")
    folder = write_trust_folder(tmp_path / "trust", tmp_path / "ours" / "ca.pem", [])
    sample = sorted(path for path in folder.iterdir() if path.name != RECORD)[::6]

    for path in sample:
        said = subprocess.run(
            ["openssl", "x509", "-noout", "-subject_hash", "-in", path], capture_output=True, text=True
        )
        assert path.stem == said.stdout.strip()
