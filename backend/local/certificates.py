"""The workspace's own certificate authority and certificate, so that the SDK can speak TLS to it."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import TYPE_CHECKING

from backend.local.state import make_private, write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography import x509

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
RENEW_BEFORE_DAYS = 30


def ensure_certificates(folder: Path) -> tuple[Path, Path]:
    """Make what is missing or about to expire; return the server's certificate and key (both 0600)."""
    certificate, key = folder / "server.pem", folder / "server.key"
    if all((folder / name).exists() for name in ("ca.pem", "ca.key", "server.pem", "server.key")):
        days = _days_left(certificate)
        if days > RENEW_BEFORE_DAYS:
            return certificate, key
    make_private(folder)
    _issue(folder)
    return certificate, key


def _days_left(certificate: Path) -> float:
    from cryptography import x509

    try:
        parsed = x509.load_pem_x509_certificate(certificate.read_bytes())
    except ValueError:
        return 0.0
    return (parsed.not_valid_after_utc - dt.datetime.now(dt.UTC)) / dt.timedelta(days=1)


def _issue(folder: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def pem_key(key: ec.EllipticCurvePrivateKey) -> bytes:
        return key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def builder(subject: x509.Name, public: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False
            )
        )

    now = dt.datetime.now(dt.UTC)
    authority_key, server_key = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    authority_name = name("Yosoku local workspace")
    authority = (
        builder(authority_name, authority_key.public_key(), AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signing_only(), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
    server = (
        builder(name("127.0.0.1"), server_key.public_key(), SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    write_atomic(folder / "ca.key", pem_key(authority_key))
    write_atomic(folder / "ca.pem", authority.public_bytes(pem))
    write_atomic(folder / "server.key", pem_key(server_key))
    write_atomic(folder / "server.pem", server.public_bytes(pem))


def _signing_only() -> x509.KeyUsage:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
