"""The DSSE envelope over the package digest, and the keys that sign it (ed25519, RFC 8032).

The envelope is always written. Unsigned it still binds MANIFEST.json, and says so by an empty list of signatures. The
public key travels along in the statement; it proves something only when obtained elsewhere too.
"""

from __future__ import annotations

import base64
import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration.report_package.manifest import SCHEMA, canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:soc1-evidence:package:1"
_RAW = 32


class KeyProblem(Exception):  # noqa: N818 - reads as the fact it states
    """A signing key cannot be used; the text says what to do."""


def private_key(key: bytes) -> Ed25519PrivateKey:
    """Read a private key: PEM (PKCS 8, not encrypted), 32 raw bytes, or 64 hexadecimal digits.

    Raises:
        KeyProblem: it is none of these.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if key.lstrip().startswith(b"-----BEGIN"):
            loaded = load_pem_private_key(key, password=None)
            if isinstance(loaded, Ed25519PrivateKey):
                return loaded
        else:
            raw = key if len(key) == _RAW else bytes.fromhex(key.decode("ascii").strip())
            return Ed25519PrivateKey.from_private_bytes(raw)
    except (ValueError, TypeError) as error:
        raise KeyProblem("the signing key is no ed25519 private key: make one with `itgc keygen`") from error
    raise KeyProblem("the signing key is no ed25519 key: make one with `itgc keygen`")


def public_bytes(key: bytes) -> bytes:
    """Return the 32 bytes of the public key that belongs to a private key."""
    return private_key(key).public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """Return the fingerprint of a public key: SHA-256 of its 32 bytes, in hexadecimal."""
    return sha256(public).hexdigest()


def statement(digest: str, public: bytes | None) -> bytes:
    """Return the in-toto Statement whose subject is the package digest, as canonical bytes."""
    predicate: dict[str, Any] = {"schema": SCHEMA}
    if public is not None:
        predicate["public_key"] = public.hex()
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": "MANIFEST.json", "digest": {"sha256": digest}}],
            "predicateType": PREDICATE_TYPE,
            "predicate": predicate,
        }
    )


def pre_authentication(payload: bytes) -> bytes:
    """Return the bytes that DSSE signs."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def envelope(digest: str, key: bytes | None) -> bytes:
    """Return the DSSE envelope as canonical bytes, signed where a key is given."""
    public = public_bytes(key) if key else None
    payload = statement(digest, public)
    signatures = []
    if key and public:
        signature = private_key(key).sign(pre_authentication(payload))
        signatures.append({"keyid": key_id(public), "sig": base64.b64encode(signature).decode()})
    body = {"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE, "signatures": signatures}
    return canonical(body)


def load_key(path: Path | None = None) -> bytes | None:
    """Return the signing key from a file, from ITGC_SIGNING_KEY_FILE or from ITGC_SIGNING_KEY; None where none is set.

    Raises:
        KeyProblem: the file cannot be read or holds no key.
    """
    named = path or (Path(os.environ["ITGC_SIGNING_KEY_FILE"]) if os.environ.get("ITGC_SIGNING_KEY_FILE") else None)
    if named is not None:
        try:
            key = named.read_bytes()
        except OSError as error:
            raise KeyProblem(f"the signing key file {named.name} cannot be read") from error
    else:
        key = os.environ.get("ITGC_SIGNING_KEY", "").encode()
    if not key:
        return None
    private_key(key)
    return key


def keygen(folder: Path) -> tuple[Path, Path]:
    """Make a key pair as two PEM files and return (private, public); never replaces a file.

    Raises:
        KeyProblem: one of the files exists.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = Ed25519PrivateKey.generate()
    private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / "package_signing_key.pem", folder / "package_signing_key.pub.pem"
    if private.exists() or public.exists():
        raise KeyProblem(f"{private.name} or {public.name} exists already: choose another folder")
    descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private_pem)
    public.write_bytes(public_pem)
    return private, public
