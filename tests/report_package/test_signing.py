from __future__ import annotations

import base64
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from conftest import World
from forger import mend

from orchestration.report_package import KeyProblem, verify, verify_package
from orchestration.report_package.signing import envelope, keygen, load_key, private_key, public_bytes

# RFC 8032 section 7.1: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]
KEY = bytes.fromhex(RFC_8032[0][0])
OTHER = bytes.fromhex(RFC_8032[1][0])


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_rfc_8032_vectors(secret: str, public: str, message: str, signature: str) -> None:
    key, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert public_bytes(secret.encode()) == key
    assert verify.ed25519_valid(key, text, signed)
    assert not verify.ed25519_valid(key, text + b"x", signed)
    assert not verify.ed25519_valid(key, text, signed[:-1] + bytes([signed[-1] ^ 1]))
    scalar = int.from_bytes(signed[32:], "little") + verify.L
    assert not verify.ed25519_valid(key, text, signed[:32] + scalar.to_bytes(32, "little")), "malleable"
    assert not verify.ed25519_valid(b"\xff" * 32, text, signed)
    assert not verify.ed25519_valid(key, text, b"\xff" * 64)


def test_signed_package(world: World, tmp_path: Path, copy_of: Callable[[Path], Path]) -> None:
    world.signing_key = KEY
    result = world.build()
    public = public_bytes(KEY)
    assert verify_package(result.path).passed
    assert verify_package(result.path, public).signed_by == sha256(public).hexdigest()
    assert sha256(public).hexdigest()[:16] in (result.path / "index.html").read_text("utf-8")
    assert "Unsigned" not in (result.path / "index.html").read_text("utf-8")

    wrong = verify_package(result.path, public_bytes(OTHER))
    assert [check.name for check in wrong.failures] == ["signature"]

    forged = copy_of(result.path)
    mend(forged, key=OTHER)
    assert verify_package(forged).passed, "a forger's own key verifies, which is why the key must come from elsewhere"
    assert not verify_package(forged, public).passed
    mend(forged, key=None)
    assert not verify_package(forged, public).passed


def test_unsigned_package_says_so_and_fails_when_a_key_is_expected(world: World) -> None:
    result = world.build()
    assert json.loads((result.path / "MANIFEST.dsse.json").read_bytes())["signatures"] == []
    assert "Unsigned" in (result.path / "index.html").read_text("utf-8")
    assert "UNSIGNED" in next(check.detail for check in verify_package(result.path).checks if check.name == "signature")
    assert [check.name for check in verify_package(result.path, public_bytes(KEY)).failures] == ["signature"]


def test_the_statement_binds_the_manifest() -> None:
    body = json.loads(envelope("ab" * 32, KEY))
    statement = json.loads(base64.b64decode(body["payload"]))
    assert statement["subject"] == [{"digest": {"sha256": "ab" * 32}, "name": "MANIFEST.json"}]
    assert statement["predicate"]["public_key"] == public_bytes(KEY).hex()
    assert envelope("ab" * 32, KEY) == envelope("ab" * 32, KEY)


def test_keygen_and_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ITGC_SIGNING_KEY", raising=False)
    monkeypatch.delenv("ITGC_SIGNING_KEY_FILE", raising=False)
    assert load_key() is None
    private, public = keygen(tmp_path / "keys")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    key = load_key(private)
    assert key is not None
    assert verify.read_public_key(public.read_bytes()) == public_bytes(key)
    monkeypatch.setenv("ITGC_SIGNING_KEY_FILE", str(private))
    assert load_key() == key
    monkeypatch.delenv("ITGC_SIGNING_KEY_FILE")
    monkeypatch.setenv("ITGC_SIGNING_KEY", KEY.hex())
    assert private_key(load_key() or b"").private_bytes_raw() == KEY
    with pytest.raises(KeyProblem, match="exists already"):
        keygen(tmp_path / "keys")
    with pytest.raises(KeyProblem, match="cannot be read"):
        load_key(tmp_path / "none.pem")
    for bad in (b"hunter2", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", public.read_bytes()):
        with pytest.raises(KeyProblem, match="itgc keygen"):
            private_key(bad)


@pytest.mark.parametrize(
    "bad", [b"", b"x" * 31, b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", b"\xff\xfe"]
)
def test_a_public_key_that_is_none(bad: bytes) -> None:
    with pytest.raises(verify.Problem, match="no ed25519 key"):
        verify.read_public_key(bad)


def test_the_command_line(world: World, tmp_path: Path) -> None:
    world.signing_key = KEY
    result = world.build()
    public = tmp_path / "public.pem"
    public.write_text(public_bytes(KEY).hex())

    def run(*arguments: str) -> tuple[int, str]:
        # isolated and without site packages: the standard library alone must do
        command = [sys.executable, "-I", "-S", "-B", str(result.path / "verify.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        assert done.stderr == ""
        return done.returncode, done.stdout

    code, text = run("--public-key", str(public))
    assert code == 0, text
    assert text.endswith(f"package digest: {result.digest}\nverified; state CHECKS_PASSED\n")
    assert text.count("\nok  ") + 1 == 20
    public.write_text(public_bytes(OTHER).hex())
    code, text = run("--public-key", str(public))
    assert code == 1
    assert "FAIL signature" in text
    assert run("--public-key", str(tmp_path / "none"))[0] == 1
    assert run(str(tmp_path / "nowhere"))[0] == 1
