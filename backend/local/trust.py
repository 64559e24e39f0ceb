"""The certificates an SDK process trusts, as a folder that OpenSSL looks into by name.

The SDK opens a new TLS connection for nearly every call, and each one would read a bundle of all public
authorities anew (33 ms where this was measured; 1 ms for the folder). In the folder each certificate has the
file name that OpenSSL derives from its subject, so only the one that is needed gets read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from backend.local.state import make_private, write_atomic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SEQUENCE, SET, UTF8_STRING, VERSION = 0x30, 0x31, 0x0C, 0xA0
# the string types that OpenSSL makes comparable, and how each is encoded
ENCODINGS = {
    0x0C: "utf-8",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1A: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
RECORD = "sources.json"


def write_trust_folder(folder: Path, authority: Path, more: Sequence[Path]) -> Path:
    """Fill `folder` with our authority, the public ones (certifi), and those in the files of `more`.

    A process has one REQUESTS_CA_BUNDLE, so it must hold everything that process may have to reach. Nothing
    is written when the sources are what they were. When `more` names `folder` itself (the process has it
    already), what it was made from stays in it.
    """
    import certifi

    record = json.loads((folder / RECORD).read_text()) if (folder / RECORD).exists() else {}
    if any(path.resolve() == folder.resolve() for path in more):
        more = [Path(path) for path in record.get("more", ())]
    sources = [authority, Path(certifi.where()), *_files(more)]
    contents = list(dict.fromkeys(path.read_bytes() for path in sources))
    wanted = {
        "digest": hashlib.sha256(b"\0".join(contents)).hexdigest(),
        "more": [str(path.absolute()) for path in more],
    }
    if record != wanted:
        _fill(folder, contents)
        write_atomic(folder / RECORD, json.dumps(wanted))
    return folder


def _files(more: Iterable[Path]) -> Iterator[Path]:
    for path in more:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from sorted(
                found for found in path.iterdir() if found.suffix in (".0", ".1", ".pem", ".crt")
            )


def _fill(folder: Path, contents: list[bytes]) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    make_private(folder)
    known: set[bytes] = set()
    taken: dict[str, int] = {}
    for certificate in (found for content in contents for found in _certificates(content)):
        if certificate not in known:
            known.add(certificate)
            name = subject_hash(certificate)
            taken[name] = taken.get(name, -1) + 1
            body = base64.encodebytes(certificate).decode()
            text = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n"
            (folder / f"{name}.{taken[name]}").write_text(text)


def _certificates(content: bytes) -> Iterator[bytes]:
    """The certificates of a PEM file, in DER; a block that isn't base64 is passed over."""
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    for part in content.split(begin)[1:]:
        try:
            yield base64.b64decode(part.partition(end)[0])
        except binascii.Error:
            continue


def subject_hash(certificate: bytes) -> str:
    """The file name OpenSSL looks for, from a certificate in DER: SHA-1 of its subject's canonical form."""
    signed = next(_elements(next(_elements(certificate))[1]))[1]
    fields = [field for field in _elements(signed) if field[0] != VERSION]
    subject = fields[4][1]  # after the serial number, the algorithm, the issuer and the validity
    canonical = b""
    for _, relative_name in _elements(subject):
        pairs = sorted(_canonical_pair(pair) for _, pair in _elements(relative_name))
        canonical += _element(SET, b"".join(pairs))
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _canonical_pair(pair: bytes) -> bytes:
    (oid_tag, oid), (tag, value) = _elements(pair)
    if tag in ENCODINGS:
        words = value.decode(ENCODINGS[tag]).translate(LOWER).split()
        tag, value = UTF8_STRING, " ".join(words).encode()
    return _element(SEQUENCE, _element(oid_tag, oid) + _element(tag, value))


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The (tag, content) pairs of DER data, one after the other."""
    position = 0
    while position < len(data):
        tag, length, position = data[position], data[position + 1], position + 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[position : position + size], "big")
            position += size
        yield tag, data[position : position + length]
        position += length


def _element(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content
